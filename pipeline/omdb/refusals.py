"""Which refusals of OMDb are final. A film that OMDb does not know is; an unusable body may pass. Pure."""

from __future__ import annotations

import json

# OMDb's wordings of "no such film", which differ for the same id from day to day.
_NO_SUCH_FILM = {"incorrect imdb id.", "error getting data.", "movie not found!", "series or episode not found!"}


def is_final(reason: str) -> bool:
    """Whether a refusal is OMDb's own "no such film"."""
    return reason.strip().lower() in _NO_SUCH_FILM


def is_final_rejection(body: bytes) -> bool:
    """Whether a Bronze object of ``rejected/`` is final.

    False for a damaged object, too. The film may then be requested again, and is stored beside its rejection.
    """
    try:
        return is_final(str(json.loads(body)["reason"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return False

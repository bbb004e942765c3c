"""Why a number of Gold changed between two builds, exactly, by films."""

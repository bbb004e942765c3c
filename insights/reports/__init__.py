"""Reports: the notebooks as they are executed, drawn as pages, published and indexed."""

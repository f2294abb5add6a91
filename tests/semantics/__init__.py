"""The table of APIs and the facts behind it, put to the running CPython."""

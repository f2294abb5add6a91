"""The language server: the only place that knows the protocol and the libraries that speak it.

`server` holds it together and starts it. Messages come in through `transport` and `protocol` to `sync` (documents,
notebooks, settings), `diagnostics`, `actions`, `reveal` and `sweep`; `analysis` and `schedule` run the engine in a
worker thread, `hold` keeps findings still while a function is half typed, `convert` renders them.
"""

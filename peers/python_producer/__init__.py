"""Producers in Python: one peer a library, each speaking the suite's protocol.

``python -m peers.python_producer peer --library NAME --schema DIR`` is the long-lived peer.

Pure: ``values``, ``publication``, ``requests``, ``lines``. At the rim: ``pipe`` (standard input and output),
``worker`` (the thread that alone touches the library) and a ``*_library`` module a library. What a peer needs
whatever its role (lines out, the schema, threads that may not fail in silence) is ``python_consumer``'s.
Nothing here imports the harness.

The syntax is kept to what CPython 3.9 reads, so that old releases of the libraries can run on the
interpreters of their time.
"""

"""Consumers in Python: the article's program, and a peer that speaks the suite's protocol.

``python -m python_consumer amqp://...`` is the article's program, on rabbitpy or on pika.
``python -m python_consumer peer --library NAME --schema DIR`` is the long-lived peer.

Pure: ``values``, ``delivery``, ``arguments``, ``requests``, ``lines``, ``schema``, ``printout``, ``urls``.
At the rim: ``output`` and ``loop`` (the pipe), and a module ``..._rim`` for each library: rabbitpy, pika,
py-amqp, kombu, aio-pika, AMQPStorm. ``..._losses`` tells apart what that library raises. Nothing here imports
the harness; the two share ``contract/`` only.

The syntax is kept to what CPython 3.9 reads, so that old releases of the libraries can run on the
interpreters of their time.
"""

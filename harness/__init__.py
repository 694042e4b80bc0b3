"""The AMQP interop suite: does a message that one client sends arrive unchanged at another?

The packages follow the way of a message; each imports only what stands above it:
``amqp`` (values, messages, frames), ``cases``, ``judge``, ``tap``, ``broker``, ``peers``,
``engine``, ``results``, ``report``, ``fixtures``, and the doors ``cli``, ``pytest_plugin``, ``pytest_cells``.
"""

__version__ = "0.1.0"

"""Pure AMQP 0-9-1: typed values, messages and the frame codec. Nothing here opens a socket."""

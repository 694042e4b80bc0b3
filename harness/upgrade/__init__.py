"""What changes when the broker does: the same cells on both, the messages that lie in its queues, the future.

:mod:`paths` knows which versions follow which, :mod:`lodgers` which messages are left in the queues,
:mod:`findings` what became of them; all three are pure. :mod:`inn` puts them in and takes them out,
:mod:`in_place` exchanges the broker between the two, :mod:`future` denies what is deprecated.
"""

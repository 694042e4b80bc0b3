"""A cell as two programs that need nothing of the suite: what a bug report upstream is made of.

``rows`` says what the consumer has to print, ``literals`` how a value is written in a language, ``builds``
how a program is built and started, ``render`` fills the templates, ``reproduction`` runs a cell to get there.
"""

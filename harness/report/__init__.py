"""What people and programs read of a run: sentences, the terminal, JUnit, explanations.

Text in, text out, wherever it can be. Whatever came from a peer, a wire or a broker is made inert first:
a header's value must not paint the terminal, close an XML element or turn a line round.
"""

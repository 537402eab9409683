"""The core: capture, diff, classify, plan, encode, pace. Knows no network, no session and no event loop.

The walk of a frame: a ``Source`` grabs, ``diff`` finds the changed cells, ``plan`` keeps what the viewers
do not have yet and chooses rectangles, ``classify`` tells text from photograph, an encoder of ``encoders``
makes the payload, ``loop`` lays the container out, ``pacing`` says when. Whoever drives the loop seals and
sends.
"""

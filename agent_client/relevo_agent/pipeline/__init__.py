"""The core: capture, diff, classify, plan, encode, pace. Knows no network, no session and no event loop.

The walk of a frame: a ``Source`` grabs (kept open by ``desktop``), ``diff`` compares what is damaged with
what the viewers have (``shown``), ``moves`` finds what has only moved (``seek`` guesses), ``classify`` tells
text from photographs and ``motion`` what is a film, ``plan`` chooses rectangles, ``painter`` has the encoders
of ``encoders`` make them updates, ``loop`` lays the container out, ``pacing`` says when, ``rhythm`` when to
look again. Whoever drives the loop seals and sends.
"""

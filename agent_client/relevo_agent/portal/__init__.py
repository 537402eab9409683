"""The desktop's own door on Wayland: its portal asks the person at the PC for screen and input.

Used by the pipeline (pictures) and by the platform (input), which share one question and one answer.
"""

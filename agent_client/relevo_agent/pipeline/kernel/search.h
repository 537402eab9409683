/* The search for moves: guesses (seek.c) are handed to ``attempt`` one by one, which verifies and makes them (moves.c). */
#ifndef RELEVO_SEARCH_H
#define RELEVO_SEARCH_H

#include "kernel.h"

enum { MIN_GAIN = 24, MAX_MOVES = 4, MAX_HINTS = 64, MAX_TRIED = 128, MAX_SPOTS = 512 };

/* After an attempt: go on with the next guess, with the next area, or not at all. */
typedef enum { NEXT_GUESS, NEXT_AREA, NO_MORE } Onward;

/* Memory for one search, for screens of one size; a line is a row or a column of pixels. */
typedef struct {
    uint8_t *matched;
    int32_t *sums;
    uint32_t *old_hashes, *new_hashes;
    int32_t *places, *votes;
    uint32_t place_mask;
    Shift *spots;
} Memory;

typedef struct {
    Screen *screen;
    Memory memory;
    Cells area;
    int32_t enough;
    int64_t left_px;
    Move *moves;
    int32_t made;
    Shift tried[MAX_TRIED];
    int32_t tries;
} Search;

Onward attempt(Search *search, Shift shift);
Onward seek(Search *search, bool dragged);

#endif

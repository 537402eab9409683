/* By how far part of the screen may have moved: guesses, the likeliest first (seek.py says how and why). */
#include "search.h"

enum {
    STRIPS = 3, STRIP = 16, MIN_VOTES = 6,
    ANCHORS = 6, ENOUGH_SPOTS = 2, REACH = 112, ANCHOR = CELL, ANCHOR_ROW = CELL / 2, MIN_EDGES = 4,
    MAX_FOUND = 4,
    EMPTY = -1,
};

static const uint32_t WEIGHTS[STRIP] = {
    0x517bbefd, 0x234f4e03, 0xafb23633, 0xfd7e720f, 0xb9e346bf, 0x38f684eb, 0x5d05c905, 0xa146dd2d,
    0x356635af, 0x7cfe7917, 0x33167455, 0x1b003dc7, 0x6faf94fd, 0xcb90f165, 0x3c2b4f97, 0x0e43b587,
};

/* The pictures of an area: ``old`` as the viewers have it, ``new`` as it is. */
typedef struct { Pixels old, new; int32_t width, height; } Pair;

/* A number for each line of a strip and the two after it; gives how many there are. */
static int32_t chained(uint32_t *hashes, int32_t lines)
{
    for (int32_t i = 0; i + 2 < lines; i++) hashes[i] += hashes[i + 1] * WEIGHTS[0] + hashes[i + 2] * WEIGHTS[1];
    return larger(lines - 2, 0);
}

static int32_t row_hashes(Pixels pixels, int32_t height, int32_t width, uint32_t *hashes)
{
    for (int32_t y = 0; y < height; y++) {
        const uint32_t *row = pixel(pixels, 0, y);
        uint32_t sum = 0;
        if (width == STRIP) for (int32_t x = 0; x < STRIP; x++) sum += row[x] * WEIGHTS[x];
        else for (int32_t x = 0; x < width; x++) sum += row[x] * WEIGHTS[x];
        hashes[y] = sum;
    }
    return chained(hashes, height);
}

static int32_t column_hashes(Pixels pixels, int32_t height, int32_t width, uint32_t *hashes)
{
    memset(hashes, 0, row_bytes(width));
    for (int32_t y = 0; y < height; y++) {
        const uint32_t *row = pixel(pixels, 0, y);
        for (int32_t x = 0; x < width; x++) hashes[x] += row[x] * WEIGHTS[y];
    }
    return chained(hashes, width);
}

static uint32_t slot_of(const Memory *memory, uint32_t hash)
{
    uint32_t at = hash ^ hash >> 15;
    at = (at * 0x9E3779B1u >> 8) & memory->place_mask;
    while (memory->places[at] != EMPTY && memory->old_hashes[memory->places[at] & INT32_MAX] != hash) {
        at = (at + 1) & memory->place_mask;
    }
    return at;
}

typedef struct { int32_t distance, votes; } Vote;

/* The distance at which most lines are found again, of those that occur once; zero votes if too few are. */
static Vote voted(const Memory *memory, int32_t lines)
{
    if (lines < 1) return (Vote){ 0, 0 };
    memset(memory->places, 0xFF, ((size_t)memory->place_mask + 1) * sizeof *memory->places);
    memset(memory->votes, 0, ((size_t)lines * 2 + 1) * sizeof *memory->votes);
    for (int32_t i = 0; i < lines; i++) {
        uint32_t slot = slot_of(memory, memory->old_hashes[i]);
        memory->places[slot] = memory->places[slot] == EMPTY ? i : memory->places[slot] | INT32_MIN;
    }
    for (int32_t i = 0; i < lines; i++) {
        if (memory->new_hashes[i] == memory->old_hashes[i]) continue;
        int32_t place = memory->places[slot_of(memory, memory->new_hashes[i])];
        if (place >= 0) memory->votes[i - place + lines]++;
    }
    int32_t best = 0;
    for (int32_t i = 1; i <= 2 * lines; i++) best = memory->votes[i] > memory->votes[best] ? i : best;
    int32_t most = memory->votes[best];
    return most >= MIN_VOTES ? (Vote){ best - lines, most } : (Vote){ 0, 0 };
}

/* How many cells of a column (or row) of the area changed. */
static int32_t changed_in(const Search *search, int32_t line, bool columns)
{
    Cells area = search->area;
    if (columns) area.left += line, area.right = area.left + 1;
    else area.top += line, area.bottom = area.top + 1;
    return set_cells(search->screen->unsent, search->screen->columns, area);
}

/* The vote of one strip, where most changed of a third of the area. */
static Vote strip_vote(Search *search, Pair pair, int32_t first, int32_t end, bool columns)
{
    const Memory *memory = &search->memory;
    int32_t best = first, most = -1;
    for (int32_t line = first; line < end; line++) {
        int32_t changed = changed_in(search, line, columns);
        if (changed > most) most = changed, best = line;
    }
    int32_t side = columns ? pair.width : pair.height, start = smaller(best * CELL, larger(side - STRIP, 0));
    int32_t depth = smaller(STRIP, side - start), lines;
    if (columns) {
        lines = row_hashes(part(pair.old, start, 0), pair.height, depth, memory->old_hashes);
        row_hashes(part(pair.new, start, 0), pair.height, depth, memory->new_hashes);
    } else {
        lines = column_hashes(part(pair.old, 0, start), depth, pair.width, memory->old_hashes);
        column_hashes(part(pair.new, 0, start), depth, pair.width, memory->new_hashes);
    }
    return voted(memory, lines);
}

/* Distances along one direction at which many lines of a strip are found again, those with most votes first. */
static Onward line_shifts(Search *search, Pair pair, bool vertical)
{
    int32_t count = vertical ? search->area.right - search->area.left : search->area.bottom - search->area.top;
    int32_t strips = smaller(STRIPS, count), first = 0, found = 0;
    Vote votes[STRIPS];
    for (int32_t i = 0; i < strips; i++) {
        int32_t end = first + count / strips + (i < count % strips);
        Vote vote = strip_vote(search, pair, first, end, vertical);
        first = end;
        if (!vote.votes) continue;
        int32_t same = 0;
        while (same < found && votes[same].distance != vote.distance) same++;
        if (same == found) votes[found++] = vote;
        else votes[same].votes += vote.votes;
    }
    for (; found; found--) {
        int32_t best = 0;
        for (int32_t i = 1; i < found; i++) best = votes[i].votes > votes[best].votes ? i : best;
        int32_t distance = votes[best].distance;
        memmove(votes + best, votes + best + 1, (size_t)(found - 1 - best) * sizeof *votes);
        Onward onward = attempt(search, vertical ? (Shift){ 0, distance } : (Shift){ distance, 0 });
        if (onward != NEXT_GUESS) return onward;
    }
    return NEXT_GUESS;
}

static bool is_distinctive(const uint32_t *piece)
{
    int32_t edges = 0;
    for (int32_t i = 1; i < ANCHOR; i++) edges += piece[i] != piece[i - 1];
    return edges >= MIN_EDGES;
}

/* Left end and row of short pieces of rows with many edges, spread over what changed; the middle ones first. */
static int32_t find_spots(const Search *search, Pair pair, Shift spots[ANCHORS])
{
    const Screen *screen = search->screen;
    Cells area = search->area;
    Shift *good = search->memory.spots;
    int32_t count = 0, seen = 0;
    int32_t step = (set_cells(screen->unsent, screen->columns, area) + MAX_SPOTS - 1) / MAX_SPOTS;
    for (int32_t row = area.top; row < area.bottom; row++) {
        for (int32_t column = area.left; column < area.right; column++) {
            if (!*cell(screen, screen->unsent, row, column) || seen++ % step) continue;
            int32_t x = (column - area.left) * CELL, y = (row - area.top) * CELL + ANCHOR_ROW;
            if (y + ANCHOR_ROW > pair.height || x + ANCHOR > pair.width) continue;
            if (is_distinctive(pixel(pair.new, x, y))) good[count++] = (Shift){ x, y };
        }
    }
    int32_t chosen = smaller(ANCHORS, count), first = 0;
    for (int32_t odd = 1; odd >= 0; odd--) {
        for (int32_t i = odd; i < chosen; i += 2) spots[first++] = good[i * (count - 1) / larger(chosen - 1, 1)];
    }
    return chosen;
}

/* Which pixel of a piece is of the rarest colour in it, so that few places are looked at closely. */
static int32_t rarest(const uint32_t *piece)
{
    int32_t best = 0, fewest = ANCHOR + 1;
    for (int32_t i = 0; i < ANCHOR; i++) {
        int32_t alike = 0;
        for (int32_t j = 0; j < ANCHOR; j++) alike += piece[j] == piece[i];
        if (alike < fewest) fewest = alike, best = i;
    }
    return best;
}

/* Whether a spot's own row and some above and below it are found at a place of the old picture. */
static bool is_there(Pair pair, Shift spot, int32_t x, int32_t y)
{
    static const int32_t ROWS[] = { 0, -7, -4, 4, 6 };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (y + ROWS[i] < 0 || y + ROWS[i] >= pair.height) return false;
        if (!equal_16(pixel(pair.old, x, y + ROWS[i]), pixel(pair.new, spot.x, spot.y + ROWS[i]))) return false;
    }
    return true;
}

static bool holds(const uint32_t *row, uint32_t colour)
{
    uint32_t any = 0;
    for (int32_t i = 0; i < CELL; i++) any |= row[i] == colour;
    return any != 0;
}

static int32_t length(Shift shift) { return (shift.x < 0 ? -shift.x : shift.x) + (shift.y < 0 ? -shift.y : shift.y); }

/* Keep the nearest, in order; gives how many there are. */
static int32_t kept(Shift found[MAX_FOUND], int32_t count, Shift shift)
{
    int32_t at = count;
    while (at && length(shift) < length(found[at - 1])) at--;
    if (at == MAX_FOUND) return count;
    memmove(found + at + 1, found + at, (size_t)(smaller(count, MAX_FOUND - 1) - at) * sizeof *found);
    found[at] = shift;
    return smaller(count + 1, MAX_FOUND);
}

/* By how far a spot may have moved: where it is found again around its place. */
static int32_t found_again(Pair pair, Shift spot, Shift found[MAX_FOUND])
{
    const uint32_t *piece = pixel(pair.new, spot.x, spot.y);
    int32_t mark = rarest(piece), count = 0;
    int32_t left = larger(spot.x - REACH, 0), right = smaller(spot.x + REACH, pair.width - ANCHOR) + 1;
    int32_t bottom = smaller(spot.y + REACH, pair.height);
    for (int32_t y = larger(spot.y - REACH, 0); y < bottom; y++) {
        const uint32_t *row = pixel(pair.old, mark, y);
        for (int32_t x = left; x < right;) {
            int32_t end = smaller(x + CELL, right);
            if (end - x == CELL && !holds(row + x, piece[mark])) {
                x = end;
                continue;
            }
            for (; x < end; x++) {
                if (row[x] != piece[mark] || !is_there(pair, spot, x, y)) continue;
                count = kept(found, count, (Shift){ spot.x - x, spot.y - y });
            }
        }
    }
    return count;
}

/* Distances in both directions at which two distinctive spots are found again. */
static Onward spot_shifts(Search *search, Pair pair)
{
    Shift spots[ANCHORS], found[MAX_FOUND], shifts[ANCHORS * MAX_FOUND];
    int32_t votes[ANCHORS * MAX_FOUND], known = 0, count = find_spots(search, pair, spots);
    for (int32_t i = 0; i < count; i++) {
        int32_t hits = found_again(pair, spots[i], found);
        for (int32_t j = 0; j < hits; j++) {
            int32_t at = 0;
            while (at < known && (shifts[at].x != found[j].x || shifts[at].y != found[j].y)) at++;
            if (at == known) shifts[known] = found[j], votes[known++] = 0;
            if (++votes[at] != ENOUGH_SPOTS) continue;
            Onward onward = attempt(search, shifts[at]);
            if (onward != NEXT_GUESS) return onward;
        }
    }
    return NEXT_GUESS;
}

/* seek.seek_shifts: hand every guess for the search's area to attempt(). */
Onward seek(Search *search, bool dragged)
{
    const Screen *screen = search->screen;
    Rect rect = pixels_of(screen, search->area);
    Pair pair = { part(screen->shown, rect.x, rect.y), part(screen->now, rect.x, rect.y), rect.width, rect.height };
    Onward onward = dragged ? spot_shifts(search, pair) : NEXT_GUESS;
    if (onward == NEXT_GUESS) onward = line_shifts(search, pair, true);
    if (onward == NEXT_GUESS) onward = line_shifts(search, pair, false);
    if (onward == NEXT_GUESS && !dragged) onward = spot_shifts(search, pair);
    return onward;
}

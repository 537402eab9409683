/* Where moves are sought, and the search as a whole (moves.py). */
#include "search.h"

enum { BLOCK_SIDE = 4, MAX_AREAS = MAX_MOVES };
static const double MAX_COPIED = 1.5, ENOUGH_LEFT = 0.25;
static const Merging COARSELY = { 1, 0.5 };

static size_t rounded(size_t bytes) { return (bytes + 15) / 16 * 16; }

/* Where in the scratch memory everything begins; what move_shown() takes is at its beginning. */
typedef struct { size_t matched, sums, old_hashes, new_hashes, places, votes, spots, unsent, blocks, rects, merging, end; } Layout;

static uint32_t slots_for(int32_t lines)
{
    uint32_t slots = 16;
    while (slots < (uint32_t)lines * 2) slots *= 2;
    return slots;
}

static Layout layout_of(int32_t width, int32_t height)
{
    size_t rows = (size_t)cells_up(height), columns = (size_t)cells_up(width), cells = rounded(rows * columns);
    int32_t lines = larger(width, height);
    size_t line_bytes = rounded((size_t)lines * sizeof(uint32_t));
    Layout layout = { .matched = cells };
    layout.sums = layout.matched + cells;
    layout.old_hashes = layout.sums + rounded((rows + 1) * (columns + 1) * sizeof(int32_t));
    layout.new_hashes = layout.old_hashes + line_bytes;
    layout.places = layout.new_hashes + line_bytes;
    layout.votes = layout.places + slots_for(lines) * sizeof(int32_t);
    layout.spots = layout.votes + 2 * line_bytes + 16;
    layout.unsent = layout.spots + MAX_SPOTS * sizeof(Shift);
    layout.blocks = layout.unsent + cells;
    layout.rects = layout.blocks + cells;
    layout.merging = layout.rects + cells * sizeof(Cells);
    layout.end = layout.merging + 2 * (columns + 1) * sizeof(Cells);
    return layout;
}

/* Bytes of scratch memory that a screen of this size needs. */
EXPORT uint64_t relevo_scratch_bytes(int32_t width, int32_t height) { return layout_of(width, height).end; }

static Memory memory_of(const Screen *screen)
{
    Layout layout = layout_of(screen->width, screen->height);
    uint8_t *at = screen->scratch;
    return (Memory){
        .matched = at + layout.matched,
        .sums = (int32_t *)(void *)(at + layout.sums),
        .old_hashes = (uint32_t *)(void *)(at + layout.old_hashes),
        .new_hashes = (uint32_t *)(void *)(at + layout.new_hashes),
        .places = (int32_t *)(void *)(at + layout.places),
        .votes = (int32_t *)(void *)(at + layout.votes),
        .spots = (Shift *)(void *)(at + layout.spots),
        .place_mask = slots_for(larger(screen->width, screen->height)) - 1,
    };
}

/* What is unsent and no film; gives how many cells are. */
static int32_t find_unsent(const Screen *screen, const uint8_t *moving, uint8_t *unsent)
{
    int32_t size = screen->rows * screen->columns, total = 0;
    memcpy(unsent, screen->unsent, (size_t)size);
    if (moving) for (int32_t i = 0; i < size; i++) unsent[i] &= moving[i] ^ 1;
    for (int32_t i = 0; i < size; i++) total += unsent[i];
    return total;
}

static void mark_blocks(const Screen *screen, const uint8_t *unsent, uint8_t *blocks)
{
    int32_t across = (screen->columns + BLOCK_SIDE - 1) / BLOCK_SIDE;
    for (int32_t row = 0; row < screen->rows; row++, unsent += screen->columns) {
        uint8_t *line = blocks + row / BLOCK_SIDE * across;
        if (row % BLOCK_SIDE == 0) memset(line, 0, (size_t)across);
        for (int32_t column = 0; column < screen->columns; column++) line[column / BLOCK_SIDE] |= unsent[column];
    }
}

typedef struct { Cells cells; int32_t weight; } Area;

static bool outranks(Area a, Area b)
{
    if (a.weight != b.weight) return a.weight > b.weight;
    if (a.cells.top != b.cells.top) return a.cells.top > b.cells.top;
    return a.cells.left > b.cells.left;
}

/* Put an area in its place among the best; gives how many there are. */
static int32_t ranked(Area areas[MAX_AREAS], int32_t count, Area area)
{
    int32_t at = count;
    while (at && outranks(area, areas[at - 1])) at--;
    if (at == MAX_AREAS) return count;
    int32_t after = smaller(count, MAX_AREAS - 1) - at;
    memmove(areas + at + 1, areas + at, (size_t)after * sizeof *areas);
    areas[at] = area;
    return smaller(count + 1, MAX_AREAS);
}

/* Bounds of what changed and is no film, coarsely; those first where most did. */
static int32_t find_areas(const Screen *screen, const uint8_t *moving, Area areas[MAX_AREAS])
{
    Layout layout = layout_of(screen->width, screen->height);
    uint8_t *unsent = screen->scratch + layout.unsent, *blocks = screen->scratch + layout.blocks;
    if (find_unsent(screen, moving, unsent) < MIN_GAIN) return 0;
    mark_blocks(screen, unsent, blocks);
    int32_t rows = (screen->rows + BLOCK_SIDE - 1) / BLOCK_SIDE, kept = 0;
    int32_t columns = (screen->columns + BLOCK_SIDE - 1) / BLOCK_SIDE;
    Cells *rects = (Cells *)(void *)(screen->scratch + layout.rects);
    int32_t count = merge_cells(blocks, rows, columns, COARSELY, rects, screen->scratch + layout.merging);
    count = keep_apart(rects, count, COARSELY.gap);
    for (int32_t i = 0; i < count; i++) {
        Cells cells = { rects[i].top * BLOCK_SIDE, smaller(rects[i].bottom * BLOCK_SIDE, screen->rows),
                        rects[i].left * BLOCK_SIDE, smaller(rects[i].right * BLOCK_SIDE, screen->columns) };
        Area area = { cells, set_cells(unsent, screen->columns, cells) };
        if (area.weight >= MIN_GAIN) kept = ranked(areas, kept, area);
    }
    return kept;
}

static bool touch(Cells a, Cells b)
{
    bool rows = larger(a.top, b.top) < smaller(a.bottom, b.bottom);
    return rows && larger(a.left, b.left) < smaller(a.right, b.right);
}

/* What the source tells; at most MAX_HINTS. */
typedef struct { const Move *at; int32_t count; } Hints;

static Onward search_area(Search *search, Cells area, Hints hints, bool dragged)
{
    const Screen *screen = search->screen;
    double left = ENOUGH_LEFT * set_cells(screen->unsent, screen->columns, area);
    search->area = area;
    search->enough = larger(MIN_GAIN, (int32_t)left + ((int32_t)left < left));
    search->tried[0] = (Shift){ 0, 0 };
    search->tries = 1;
    for (int32_t i = 0; i < hints.count; i++) {
        const Move *hint = hints.at + i;
        if (!touch(covering(hint->to), area)) continue;
        Onward onward = attempt(search, (Shift){ hint->to.x - hint->from_x, hint->to.y - hint->from_y });
        if (onward != NEXT_GUESS) return onward;
    }
    return seek(search, dragged);
}

/*
 * Mover.moves without its patience: find moves, make them in the viewers' picture, say which; gives how many. Or -1 if
 * there is nowhere to look; with ``moves`` NULL it only tells that.
 */
EXPORT int32_t relevo_search(Screen *screen, const uint8_t *moving, const Hints *hints, int32_t dragged, Move *moves)
{
    Area areas[MAX_AREAS];
    int32_t count = find_areas(screen, moving, areas);
    if (!count || !moves) return count ? 0 : -1;
    Search search = { .screen = screen, .memory = memory_of(screen), .moves = moves };
    search.left_px = (int64_t)((double)screen->width * screen->height * MAX_COPIED);
    Onward onward = NEXT_AREA;
    for (int32_t i = 0; i < count && onward != NO_MORE; i++) {
        onward = search_area(&search, areas[i].cells, *hints, dragged != 0);
    }
    return search.made;
}

EXPORT uint32_t relevo_screen_bytes(void) { return sizeof(Screen); }

/* What this was compiled of, told by kernel_build.py: a kernel of other sources than those beside it is not used. */
#define TEXT_OF(word) #word
#define TEXT(word) TEXT_OF(word)
EXPORT const char *relevo_sources(void) { return TEXT(RELEVO_SOURCES); }

/* What has only moved: guesses verified pixel by pixel, taken where they pay, made in the viewers' picture (moves.py). */
#include "search.h"

enum { SAMPLED_ROW = CELL / 2 };
static const double MAX_LOSS = 0.5;

/* Cells of which ``matched`` says whether a shift explains them; as wide as they are. */
typedef struct { Cells cells; const uint8_t *matched; } Found;

static Rect moved_back(Rect rect, Shift shift)
{
    return (Rect){ rect.x - shift.x, rect.y - shift.y, rect.width, rect.height };
}

/* The cells of an area whose pixels come from inside the screen. */
static Cells within(const Screen *screen, Cells area, Shift shift)
{
    Rect rect = pixels_of(screen, area);
    int32_t left = larger(rect.x, shift.x), top = larger(rect.y, shift.y);
    int32_t right = smaller(rect.x + rect.width, screen->width + smaller(shift.x, 0));
    int32_t bottom = smaller(rect.y + rect.height, screen->height + smaller(shift.y, 0));
    return covered(screen, (Rect){ left, top, larger(right - left, 0), larger(bottom - top, 0) });
}

/* A row of each cell compared: enough to tell a wrong shift, at a sixteenth of the cost. */
static Found sampled(const Search *search, Shift shift)
{
    const Screen *screen = search->screen;
    Cells cells = within(screen, search->area, shift);
    uint8_t *matched = search->memory.matched;
    Found found = { cells, matched };
    if (area_of(cells) <= 0) return (Found){ { 0, 0, 0, 0 }, matched };
    Rect rect = pixels_of(screen, cells);
    found.cells.bottom = cells.top + (rect.height + SAMPLED_ROW - 1) / CELL;
    for (int32_t y = rect.y + SAMPLED_ROW; y < rect.y + rect.height; y += CELL) {
        const uint32_t *now = pixel(screen->now, rect.x, y);
        const uint32_t *before = pixel(screen->shown, rect.x - shift.x, y - shift.y);
        int32_t x = 0;
        for (; x + CELL <= rect.width; x += CELL) *matched++ = equal_16(now + x, before + x);
        if (x < rect.width) *matched++ = !memcmp(now + x, before + x, row_bytes(rect.width - x));
    }
    return found;
}

static Found compared(const Search *search, Cells cells, Shift shift)
{
    const Screen *screen = search->screen;
    Rect rect = pixels_of(screen, cells), from = moved_back(rect, shift);
    uint8_t *matched = search->memory.matched;
    mark_differing(part(screen->now, rect.x, rect.y), part(screen->shown, from.x, from.y), rect.width, rect.height,
                   matched, cells.right - cells.left);
    for (int32_t i = 0; i < area_of(cells); i++) matched[i] = !matched[i];
    return (Found){ cells, matched };
}

static int32_t sum_of(const int32_t *sums, int32_t stride, Cells cells)
{
    return sums[cells.bottom * stride + cells.right] + sums[cells.top * stride + cells.left]
        - sums[cells.top * stride + cells.right] - sums[cells.bottom * stride + cells.left];
}

/* Take the worst line off the border as long as one is worth nothing. */
static Cells shrunk(const int32_t *sums, int32_t stride, Cells best)
{
    while (area_of(best)) {
        const Cells rest[] = {
            { best.top + 1, best.bottom, best.left, best.right },
            { best.top, best.bottom - 1, best.left, best.right },
            { best.top, best.bottom, best.left + 1, best.right },
            { best.top, best.bottom, best.left, best.right - 1 },
        };
        int32_t whole = sum_of(sums, stride, best), worst = 0;
        double least = 0;
        for (int32_t i = 0; i < 4; i++) {
            double worth = (double)(whole - sum_of(sums, stride, rest[i])) / (area_of(best) - area_of(rest[i]));
            if (i == 0 || worth < least) least = worth, worst = i;
        }
        if (least > 0) break;
        best = rest[worst];
    }
    return best;
}

/* The rectangle where the shift explains more than it breaks, if it is worth a copy; empty if not. */
static Cells worth(const Search *search, Found found)
{
    const Screen *screen = search->screen;
    int32_t rows = found.cells.bottom - found.cells.top, columns = found.cells.right - found.cells.left;
    int32_t stride = columns + 1, *sums = search->memory.sums, gain = 0, loss = 0;
    Cells none = { 0, 0, 0, 0 }, bounds = { rows, 0, columns, 0 };
    if (rows <= 0 || columns <= 0) return none;
    memset(sums, 0, (size_t)stride * sizeof *sums);
    for (int32_t row = 0; row < rows; row++) {
        const uint8_t *matched = found.matched + (ptrdiff_t)row * columns;
        const uint8_t *unsent = cell(screen, screen->unsent, found.cells.top + row, found.cells.left);
        int32_t *above = sums + row * stride, *line = above + stride, sum = 0;
        line[0] = 0;
        for (int32_t column = 0; column < columns; column++) {
            bool gained = matched[column] & unsent[column];
            sum += gained - !matched[column];
            line[column + 1] = above[column + 1] + sum;
            if (!gained) continue;
            gain++;
            bounds = (Cells){ smaller(bounds.top, row), row + 1, smaller(bounds.left, column), larger(bounds.right, column + 1) };
        }
    }
    if (gain < MIN_GAIN) return none;
    Cells best = shrunk(sums, stride, bounds);
    gain = 0;
    for (int32_t row = best.top; row < best.bottom; row++) {
        const uint8_t *matched = found.matched + (ptrdiff_t)row * columns;
        const uint8_t *unsent = cell(screen, screen->unsent, found.cells.top + row, found.cells.left);
        for (int32_t column = best.left; column < best.right; column++) {
            gain += matched[column] & unsent[column];
            loss += !matched[column];
        }
    }
    if (gain < MIN_GAIN || loss > MAX_LOSS * gain) return none;
    int32_t top = found.cells.top, left = found.cells.left;
    return (Cells){ best.top + top, best.bottom + top, best.left + left, best.right + left };
}

static bool same_row(const Screen *screen, Rect rect, int32_t y, Shift shift)
{
    return !memcmp(pixel(screen->now, rect.x, y), pixel(screen->shown, rect.x - shift.x, y - shift.y), row_bytes(rect.width));
}

/* How many columns, at most, moved as well beside a rectangle: to its left (-1) or right (1). */
static int32_t same_columns(const Screen *screen, Rect rect, Shift shift, int32_t most, int32_t side)
{
    int32_t x = side < 0 ? rect.x - 1 : rect.x + rect.width;
    for (int32_t y = rect.y; y < rect.y + rect.height && most > 0; y++) {
        const uint32_t *now = pixel(screen->now, x, y), *before = pixel(screen->shown, x - shift.x, y - shift.y);
        int32_t run = 0;
        while (run < most && now[run * side] == before[run * side]) run++;
        most = run;
    }
    return larger(most, 0);
}

/* The rectangle with the lines of pixels around it, less than a cell each way, that moved as well. */
static Rect grown(const Screen *screen, Rect rect, Shift shift)
{
    int32_t up = smaller(CELL - 1, smaller(rect.y, rect.y - shift.y)), bottom = rect.y + rect.height;
    int32_t down = smaller(CELL - 1, screen->height - bottom - larger(-shift.y, 0));
    int32_t above = 0, below = 0;
    while (above < up && same_row(screen, rect, rect.y - above - 1, shift)) above++;
    while (below < down && same_row(screen, rect, bottom + below, shift)) below++;
    rect.y -= above, rect.height += above + below;
    int32_t back = smaller(CELL - 1, smaller(rect.x, rect.x - shift.x));
    int32_t forth = smaller(CELL - 1, screen->width - rect.x - rect.width - larger(-shift.x, 0));
    int32_t before = same_columns(screen, rect, shift, back, -1), after = same_columns(screen, rect, shift, forth, 1);
    return (Rect){ rect.x - before, rect.y, rect.width + before + after, rect.height };
}

static void compare_again(const Screen *screen, Cells cells)
{
    if (cells.bottom <= cells.top || cells.right <= cells.left) return;
    Rect rect = pixels_of(screen, cells);
    mark_differing(part(screen->now, rect.x, rect.y), part(screen->shown, rect.x, rect.y), rect.width, rect.height,
                   cell(screen, screen->unsent, cells.top, cells.left), screen->columns);
}

/* After a move: in its cells unsent is what did not match; around them, what was moved by a part is compared anew. */
static void book(const Screen *screen, Found found, Cells inner, Cells outer)
{
    int32_t columns = found.cells.right - found.cells.left;
    for (int32_t row = inner.top; row < inner.bottom; row++) {
        const uint8_t *matched = found.matched + (ptrdiff_t)(row - found.cells.top) * columns - found.cells.left;
        for (int32_t column = inner.left; column < inner.right; column++) {
            *cell(screen, screen->unsent, row, column) = !matched[column];
        }
    }
    compare_again(screen, (Cells){ outer.top, inner.top, outer.left, outer.right });
    compare_again(screen, (Cells){ inner.bottom, outer.bottom, outer.left, outer.right });
    compare_again(screen, (Cells){ inner.top, inner.bottom, outer.left, inner.left });
    compare_again(screen, (Cells){ inner.top, inner.bottom, inner.right, outer.right });
}

static bool make(Search *search, Shift shift)
{
    Screen *screen = search->screen;
    Cells cells = worth(search, sampled(search, shift));
    if (!area_of(cells)) return false;
    Found found = compared(search, cells, shift);
    cells = worth(search, found);
    if (!area_of(cells)) return false;
    Rect to = grown(screen, pixels_of(screen, cells), shift);
    Move move = { to, to.x - shift.x, to.y - shift.y };
    move_shown(screen, &move);
    book(screen, found, cells, covering(to));
    search->moves[search->made++] = move;
    search->left_px -= (int64_t)to.width * to.height;
    return true;
}

/* Verify a guess, and make the move if it is worth it. */
Onward attempt(Search *search, Shift shift)
{
    for (int32_t i = 0; i < search->tries; i++) {
        if (search->tried[i].x == shift.x && search->tried[i].y == shift.y) return NEXT_GUESS;
    }
    if (search->tries == MAX_TRIED) return NEXT_AREA;
    search->tried[search->tries++] = shift;
    make(search, shift);
    Rect rect = pixels_of(search->screen, search->area);
    if (search->made == MAX_MOVES || search->left_px < (int64_t)rect.width * rect.height) return NO_MORE;
    int32_t left = set_cells(search->screen->unsent, search->screen->columns, search->area);
    return left < search->enough ? NEXT_AREA : NEXT_GUESS;
}

/*
 * The still picture's decoder: one zstd stream of BGRX rows, turned into opaque RGBA (SPEC F11).
 *
 * Everything lives in memory that is there from the beginning: nothing is allocated, the memory never grows, and views
 * of it stay good. The caller puts an update's bytes at screen_input(), says how many by screen_feed(), and pulls the
 * rows, as many at once as fit between screen_output() and its end; what is left must be called for as the last.
 */
#define ZSTD_STATIC_LINKING_ONLY
#define ZSTD_STRIP_ERROR_STRINGS
#include "zstd.c"

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

enum {
    WINDOW_LOG_MAX = 24,
    /* A media message has at most 2 MiB (SPEC L2), so an update has less. */
    INPUT_BYTES = 2 << 20,
    /* A full HD screen in one piece; larger updates come in bands. */
    OUTPUT_BYTES = 8 << 20,
    /* More than an update may give is seen by giving it room. */
    SPARE_BYTES = 64,
    /* The rows are turned while they are still in the cache. */
    PIECE_BYTES = 64 << 10,
    /* What zstd needs for its largest window, checked in screen_reset(). */
    WORKSPACE_BYTES = (1 << WINDOW_LOG_MAX) + (1 << 20),
};

/* The caller names these in what it says to a person. */
enum Outcome { ROWS, BROKEN, ENDED, FEWER, MORE };

static uint8_t input[INPUT_BYTES];
static _Alignas(16) uint8_t output[OUTPUT_BYTES + SPARE_BYTES];
static _Alignas(16) uint8_t workspace[WORKSPACE_BYTES];
static ZSTD_DCtx *stream;
static ZSTD_inBuffer source;

/* zstd gets its memory from the workspace. These stand here so that no allocator is linked in. */
void *malloc(size_t bytes) { (void)bytes; return NULL; }
void *calloc(size_t count, size_t bytes) { (void)count; (void)bytes; return NULL; }
void free(void *memory) { (void)memory; }

uint8_t *EXPORT(screen_input)(void) { return input; }
uint8_t *EXPORT(screen_output)(void) { return output; }
uint32_t EXPORT(screen_input_bytes)(void) { return INPUT_BYTES; }
uint32_t EXPORT(screen_output_bytes)(void) { return OUTPUT_BYTES; }

/* Begin the stream anew, as each keyframe does; 0 if this build cannot. */
uint32_t EXPORT(screen_reset)(void)
{
    source = (ZSTD_inBuffer){ input, 0, 0 };
    if (stream == NULL) {
        if (ZSTD_estimateDStreamSize((size_t)1 << WINDOW_LOG_MAX) > sizeof workspace) return 0;
        stream = ZSTD_initStaticDCtx(workspace, sizeof workspace);
        if (stream == NULL) return 0;
        if (ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) return 0;
    }
    return !ZSTD_isError(ZSTD_DCtx_reset(stream, ZSTD_reset_session_only));
}

/* The next update's bytes stand in the input. */
void EXPORT(screen_feed)(uint32_t bytes)
{
    source = (ZSTD_inBuffer){ input, bytes <= INPUT_BYTES ? bytes : INPUT_BYTES, 0 };
}

/* From `from` on, `bytes` of them, a multiple of four. The room behind is spare, so whole vectors may be written. */
static void turn(uint8_t *from, size_t bytes)
{
    const v128_t opaque = wasm_i32x4_splat((int32_t)0xff000000);
    for (size_t at = 0; at < bytes; at += 16) {
        v128_t bgrx = wasm_v128_load(from + at);
        v128_t rgbx = wasm_i8x16_shuffle(bgrx, bgrx, 2, 1, 0, 3, 6, 5, 4, 7, 10, 9, 8, 11, 14, 13, 12, 15);
        wasm_v128_store(from + at, wasm_v128_or(rgbx, opaque));
    }
}

/* Decode up to `limit` bytes, or until the input is used up; where it stopped goes to `out->pos`. */
static enum Outcome decode(ZSTD_outBuffer *out)
{
    while (out->pos < out->size) {
        size_t hint = ZSTD_decompressStream(stream, out, &source);
        if (ZSTD_isError(hint)) return BROKEN;
        if (hint == 0) return ENDED;
        if (source.pos == source.size) return ROWS;
    }
    return ROWS;
}

/*
 * The next `bytes` of the update, turned into RGBA, at screen_output(). With `last` there must be no more of it, which
 * the output's spare room shows.
 */
uint32_t EXPORT(screen_pull)(uint32_t bytes, uint32_t last)
{
    if (stream == NULL || bytes > OUTPUT_BYTES || bytes % 4 != 0) return BROKEN;
    for (uint32_t at = 0; at < bytes;) {
        uint32_t piece = bytes - at < PIECE_BYTES ? bytes - at : PIECE_BYTES;
        ZSTD_outBuffer out = { output + at, piece, 0 };
        enum Outcome outcome = decode(&out);
        if (outcome != ROWS) return outcome;
        if (out.pos != piece) return FEWER;
        turn(output + at, piece);
        at += piece;
    }
    if (!last) return ROWS;
    ZSTD_outBuffer out = { output + bytes, SPARE_BYTES, 0 };
    enum Outcome outcome = decode(&out);
    if (outcome != ROWS) return outcome;
    return out.pos == 0 ? ROWS : MORE;
}

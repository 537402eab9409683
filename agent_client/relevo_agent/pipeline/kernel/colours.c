/* The colours of video (encoders/video_colours.py): BT.709 in full range, in 1/256 (SPEC D4). */
#include "kernel.h"

typedef struct { uint8_t *at; int64_t stride; } Plane;
typedef struct { Plane brightness, blue, red; } Planes;

/* 0.2126, 0.7152 and 0.0722; white is 255. Terms of 16 bits each, so that as many pixels are done at a time. */
static void brightness(const uint32_t *restrict pixels, int32_t width, uint8_t *restrict out)
{
    for (int32_t x = 0; x < width; x++) {
        uint16_t blue = pixels[x] & 255, green = pixels[x] >> 8 & 255, red = pixels[x] >> 16 & 255;
        uint16_t sum = (uint16_t)(54 * red) + (uint16_t)(183 * green) + (uint16_t)(19 * blue) + 128;
        out[x] = (uint8_t)(sum >> 8);
    }
}

/* Means of the four bytes of two words, once rounded up and once down, so that both together are not off. */
static inline uint32_t mean_up(uint32_t a, uint32_t b) { return (a | b) - ((a ^ b) >> 1 & 0x7f7f7f7f); }
static inline uint32_t mean_down(uint32_t a, uint32_t b) { return (a & b) + ((a ^ b) >> 1 & 0x7f7f7f7f); }

/* (B - Y) / 1.8556 and (R - Y) / 1.5748 of the mean of each 2x2 pixels, around 128. */
static void colour(const uint32_t *restrict upper, const uint32_t *restrict lower, int32_t squares,
                   uint8_t *restrict out_blue, uint8_t *restrict out_red)
{
    enum { MIDDLE = 128 * 256 + 127 };
    for (int32_t x = 0; x < squares; x++) {
        uint32_t left = mean_up(upper[2 * x], lower[2 * x]), right = mean_up(upper[2 * x + 1], lower[2 * x + 1]);
        uint32_t mean = mean_down(left, right);
        uint16_t blue = mean & 255, green = mean >> 8 & 255, red = mean >> 16 & 255;
        uint16_t to_blue = (uint16_t)(128 * blue) + MIDDLE - (uint16_t)(99 * green) - (uint16_t)(29 * red);
        uint16_t to_red = (uint16_t)(128 * red) + MIDDLE - (uint16_t)(116 * green) - (uint16_t)(12 * blue);
        out_blue[x] = (uint8_t)(to_blue >> 8);
        out_red[x] = (uint8_t)(to_red >> 8);
    }
}

/* The colour planes are half as wide and high, rounded up; the last pixel of an odd side is its own neighbour. */
EXPORT void relevo_planes(const Pixels *from, int32_t width, int32_t height, const Planes *to)
{
    for (int32_t y = 0; y < height; y += 2) {
        const uint32_t *upper = pixel(*from, 0, y), *lower = y + 1 < height ? upper + from->stride : upper;
        uint8_t *out = to->brightness.at + y * to->brightness.stride;
        uint8_t *blue = to->blue.at + y / 2 * to->blue.stride, *red = to->red.at + y / 2 * to->red.stride;
        brightness(upper, width, out);
        if (lower != upper) brightness(lower, width, out + to->brightness.stride);
        colour(upper, lower, width / 2, blue, red);
        if (width % 2) {
            uint32_t above = upper[width - 1], below = lower[width - 1];
            colour((uint32_t[]){ above, above }, (uint32_t[]){ below, below }, 1, blue + width / 2, red + width / 2);
        }
    }
}

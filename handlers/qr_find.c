#include "handlers/qr_find.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/qr_decode.h"

enum {
    MOST_FINDERS = 64, /* candidates */
    BEST_FINDERS = 12, /* of them, that are tried in threes */
    MOST_TRIPLES = 8,
    CENTRE_TO_EDGE = 7, /* modules: the finders' centres are 3.5 from the edges */
};

struct image {
    uint8_t *dark; /* rows of 0 and 1 */
    int width;
    int height;
};

struct point {
    double x;
    double y;
};

struct finder {
    struct point at;
    double module; /* pixels */
    int count;     /* of rows that saw it */
};

struct triple {
    struct finder top_left;
    struct finder top_right;
    struct finder bottom_left;
    double cost;
};

static bool is_inside(const struct image *image, int x, int y)
{
    return x >= 0 && y >= 0 && x < image->width && y < image->height;
}

/* Outside is light. */
static int dark_at(const struct image *image, double x, double y)
{
    int column = (int)floor(x);
    int row = (int)floor(y);
    return is_inside(image, column, row) ? image->dark[row * image->width + column] : 0;
}

static uint32_t *sum_up(const uint8_t *grey, int width, int height)
{
    size_t stride = (size_t)width + 1;
    uint32_t *sums = memory_allocate(stride * ((size_t)height + 1), sizeof *sums);
    for (int y = 0; y < height; y++) {
        uint32_t line = 0;
        for (int x = 0; x < width; x++) {
            line += grey[y * width + x];
            sums[((size_t)y + 1) * stride + (size_t)x + 1] =
                sums[(size_t)y * stride + (size_t)x + 1] + line;
        }
    }
    return sums;
}

/* Dark is what is darker than the middle of its surroundings, so that shadows don't matter. */
static void binarize(const uint8_t *grey, struct image *image)
{
    int width = image->width;
    int height = image->height;
    size_t stride = (size_t)width + 1;
    uint32_t *sums = sum_up(grey, width, height);
    int reach = (width > height ? width : height) / 12;
    reach = reach < 8 ? 8 : reach;
    for (int y = 0; y < height; y++) {
        size_t top = (size_t)(y > reach ? y - reach : 0);
        size_t bottom = (size_t)(y + reach + 1 < height ? y + reach + 1 : height);
        for (int x = 0; x < width; x++) {
            size_t left = (size_t)(x > reach ? x - reach : 0);
            size_t right = (size_t)(x + reach + 1 < width ? x + reach + 1 : width);
            double sum = sums[bottom * stride + right] - sums[top * stride + right] -
                         sums[bottom * stride + left] + sums[top * stride + left];
            double weighed = grey[y * width + x] * (double)((bottom - top) * (right - left));
            image->dark[y * width + x] = weighed < sum * 0.94 - 4;
        }
    }
    memory_free(sums);
}

/* The module's size when five runs are as 1:1:3:1:1, else 0. */
static double finder_module(const int runs[static 5])
{
    int total = runs[0] + runs[1] + runs[2] + runs[3] + runs[4];
    double module = total / 7.0;
    for (int i = 0; i < 5; i++) {
        double wanted = i == 2 ? 3 * module : module;
        double slack = wanted / 2 > 1 ? wanted / 2 : 1;
        if (fabs(runs[i] - wanted) > slack) {
            return 0;
        }
    }
    return total < 7 ? 0 : module;
}

/* The five runs through a dark pixel, across or down; the module's size if they are a finder's. */
static double cross(const struct image *image, int x, int y, bool down, double *centre_out)
{
    int runs[5] = {0};
    int before = 0;
    for (int sign = -1; sign <= 1; sign += 2) {
        int step = sign > 0;
        for (int i = 0; i < 3; i++) {
            for (;; step++) {
                int column = down ? x : x + sign * step;
                int row = down ? y + sign * step : y;
                if (!is_inside(image, column, row) ||
                    image->dark[row * image->width + column] != (i + 1) % 2) {
                    break;
                }
                runs[2 + sign * i]++;
            }
        }
        before = sign < 0 ? runs[2] : before;
    }
    *centre_out = (down ? y : x) + 1 - before + runs[2] / 2.0;
    return finder_module(runs);
}

/* A candidate is looked at down and across again, and joined with those at its place. */
static void note_finder(const struct image *image, struct finder *finders, int *count, int x, int y)
{
    struct finder seen = {.count = 1};
    double down = cross(image, x, y, true, &seen.at.y);
    double across = down <= 0 ? 0 : cross(image, x, (int)floor(seen.at.y), false, &seen.at.x);
    if (across <= 0 || across > 2.5 * down || down > 2.5 * across) {
        return;
    }
    seen.module = (across + down) / 2;
    for (int i = 0; i < *count; i++) {
        struct finder *known = &finders[i];
        if (hypot(known->at.x - seen.at.x, known->at.y - seen.at.y) < 2.5 * known->module) {
            double share = 1.0 / ++known->count;
            known->at.x += (seen.at.x - known->at.x) * share;
            known->at.y += (seen.at.y - known->at.y) * share;
            known->module += (seen.module - known->module) * share;
            return;
        }
    }
    if (*count < MOST_FINDERS) {
        finders[(*count)++] = seen;
    }
}

static int by_count(const void *a, const void *b)
{
    return ((const struct finder *)b)->count - ((const struct finder *)a)->count;
}

static int find_finders(const struct image *image, struct finder finders[static MOST_FINDERS])
{
    int count = 0;
    for (int y = 0; y < image->height; y++) {
        int runs[5] = {0};
        int dark = 0;
        for (int x = 0; x <= image->width; x++) {
            if (x < image->width && image->dark[y * image->width + x] == dark) {
                runs[4]++;
                continue;
            }
            if (dark == 1 && finder_module(runs) > 0) {
                note_finder(image, finders, &count, x - runs[4] - runs[3] - (runs[2] + 1) / 2, y);
            }
            memmove(runs, runs + 1, 4 * sizeof *runs);
            runs[4] = 1;
            dark ^= 1;
        }
    }
    qsort(finders, (size_t)count, sizeof *finders, by_count);
    while (count > 0 && (count > BEST_FINDERS || finders[count - 1].count < 2)) {
        count--;
    }
    return count;
}

static double distance(const struct finder *a, const struct finder *b)
{
    return hypot(a->at.x - b->at.x, a->at.y - b->at.y);
}

/* Which of three is which corner: across from the longest side is the top left one, and the way
 * from there to the right and down turns with the clock. The cost: how far they are from a right
 * angle with equal sides. */
static struct triple arrange(const struct finder *a, const struct finder *b, const struct finder *c)
{
    const struct finder *corner[3] = {a, b, c};
    int first = 0;
    for (int i = 1; i < 3; i++) {
        first = distance(corner[(i + 1) % 3], corner[(i + 2) % 3]) >
                        distance(corner[(first + 1) % 3], corner[(first + 2) % 3])
                    ? i
                    : first;
    }
    const struct finder *one = corner[(first + 1) % 3];
    const struct finder *two = corner[(first + 2) % 3];
    const struct point *origin = &corner[first]->at;
    bool clockwise = (one->at.x - origin->x) * (two->at.y - origin->y) >
                     (one->at.y - origin->y) * (two->at.x - origin->x);
    double across = distance(corner[first], one);
    double down = distance(corner[first], two);
    double far = distance(one, two);
    double most = fmax(fmax(a->module, b->module), c->module);
    double least = fmin(fmin(a->module, b->module), c->module);
    double cost = fabs(across - down) / fmax(across, down) + fabs(far - hypot(across, down)) / far +
                  (most - least) / most;
    return (struct triple){.top_left = *corner[first],
                           .top_right = clockwise ? *one : *two,
                           .bottom_left = clockwise ? *two : *one,
                           .cost = across > 10 * least ? cost : HUGE_VAL};
}

/* Keeps the cheapest, in order. */
static void keep(struct triple *triples, int *count, const struct triple *triple)
{
    int at = *count < MOST_TRIPLES ? (*count)++ : MOST_TRIPLES;
    while (at > 0 && triples[at - 1].cost > triple->cost) {
        if (at < MOST_TRIPLES) {
            triples[at] = triples[at - 1];
        }
        at--;
    }
    if (at < MOST_TRIPLES) {
        triples[at] = *triple;
    }
}

static int find_triples(const struct finder *finders, int finder_count,
                        struct triple triples[static MOST_TRIPLES])
{
    static const double most_cost = 1.2;
    int count = 0;
    for (int i = 0; i < finder_count; i++) {
        for (int j = i + 1; j < finder_count; j++) {
            for (int k = j + 1; k < finder_count; k++) {
                struct triple triple = arrange(&finders[i], &finders[j], &finders[k]);
                if (triple.cost < most_cost) {
                    keep(triples, &count, &triple);
                }
            }
        }
    }
    return count;
}

/* The projection that takes modules to pixels. */
struct projection {
    double terms[8];
};

static struct point project(const struct projection *projection, double u, double v)
{
    const double *m = projection->terms;
    double w = m[6] * u + m[7] * v + 1;
    return (struct point){(m[0] * u + m[1] * v + m[2]) / w, (m[3] * u + m[4] * v + m[5]) / w};
}

/* Solves for the projection that takes each of `from` to its `to`, by elimination. */
static bool find_projection(const struct point from[static 4], const struct point to[static 4],
                            struct projection *projection_out)
{
    double rows[8][9];
    for (size_t i = 0; i < 4; i++) {
        const struct point *f = &from[i];
        const struct point *t = &to[i];
        const double x[9] = {f->x, f->y, 1, 0, 0, 0, -f->x * t->x, -f->y * t->x, t->x};
        const double y[9] = {0, 0, 0, f->x, f->y, 1, -f->x * t->y, -f->y * t->y, t->y};
        memcpy(rows[2 * i], x, sizeof x);
        memcpy(rows[2 * i + 1], y, sizeof y);
    }
    for (int column = 0; column < 8; column++) {
        int best = column;
        for (int row = column + 1; row < 8; row++) {
            best = fabs(rows[row][column]) > fabs(rows[best][column]) ? row : best;
        }
        for (int i = 0; i < 9; i++) {
            double swapped = rows[column][i];
            rows[column][i] = rows[best][i];
            rows[best][i] = swapped;
        }
        if (fabs(rows[column][column]) < 1e-12) {
            return false;
        }
        for (int row = 0; row < 8; row++) {
            double factor = row == column ? 0 : rows[row][column] / rows[column][column];
            for (int i = column; i < 9; i++) {
                rows[row][i] -= factor * rows[column][i];
            }
        }
    }
    for (int i = 0; i < 8; i++) {
        projection_out->terms[i] = rows[i][8] / rows[i][i];
    }
    return true;
}

/* A code's own directions: pixels for one module to the right, and down. */
struct axes {
    struct point right;
    struct point down;
};

/* How many of the 25 modules around a place are as in an alignment pattern, less those that aren't:
 * dark, ringed by light, ringed by dark. */
static int score_alignment(const struct image *image, const struct axes *axes, double x, double y)
{
    int score = 0;
    for (int row = -2; row <= 2; row++) {
        for (int column = -2; column <= 2; column++) {
            bool light = abs(row) < 2 && abs(column) < 2 && (row != 0 || column != 0);
            int dark = dark_at(image, x + column * axes->right.x + row * axes->down.x,
                               y + column * axes->right.y + row * axes->down.y);
            score += dark != light ? 1 : -1;
        }
    }
    return score;
}

/* Looks around the place where the pattern is expected. */
static bool find_alignment(const struct image *image, const struct axes *axes,
                           struct point expected, struct point *found_out)
{
    double module = hypot(axes->right.x, axes->right.y);
    double step = module / 4 > 1 ? module / 4 : 1;
    double best = 15;
    int reach = (int)(6 * module / step);
    struct point sum = {0, 0};
    int count = 0;
    for (int row = -reach; row <= reach; row++) {
        for (int column = -reach; column <= reach; column++) {
            double dx = column * step;
            double dy = row * step;
            double score = score_alignment(image, axes, expected.x + dx, expected.y + dy) -
                           floor(hypot(dx, dy) / (4 * module));
            if (score > best) {
                best = score;
                sum = (struct point){0, 0};
                count = 0;
            }
            if (score >= best &&
                (count == 0 || hypot(dx - sum.x / count, dy - sum.y / count) < 2 * module)) {
                sum.x += dx;
                sum.y += dy;
                count++;
            }
        }
    }
    if (count > 0) {
        *found_out = (struct point){expected.x + sum.x / count, expected.y + sum.y / count};
    }
    return count > 0;
}

/* Reads each module where the four corners say it is. `corner`: the alignment pattern; NULL: where
 * a fourth finder would be. */
static bool read_modules(const struct image *image, const struct triple *triple, int version,
                         const struct point *corner, struct buffer *text_out)
{
    int size = qr_decode_size(version);
    double far = size - 3.5;
    double last = corner == NULL ? far : size - 6.5;
    const struct point guess = {
        triple->top_right.at.x + triple->bottom_left.at.x - triple->top_left.at.x,
        triple->top_right.at.y + triple->bottom_left.at.y - triple->top_left.at.y};
    const struct point from[4] = {{3.5, 3.5}, {far, 3.5}, {3.5, far}, {last, last}};
    const struct point to[4] = {triple->top_left.at, triple->top_right.at, triple->bottom_left.at,
                                corner == NULL ? guess : *corner};
    uint8_t modules[QR_DECODE_MOST_SIZE * QR_DECODE_MOST_SIZE];
    struct projection projection;
    if (!find_projection(from, to, &projection)) {
        return false;
    }
    for (int row = 0; row < size; row++) {
        for (int column = 0; column < size; column++) {
            struct point at = project(&projection, column + 0.5, row + 0.5);
            bool sane = fabs(at.x) < 1e6 && fabs(at.y) < 1e6;
            modules[row * size + column] = sane ? (uint8_t)dark_at(image, at.x, at.y) : 0;
        }
    }
    return qr_decode_modules(modules, version, text_out);
}

static bool read_version(const struct image *image, const struct triple *triple, int version,
                         struct buffer *text_out)
{
    const struct point *origin = &triple->top_left.at;
    double between = qr_decode_size(version) - CENTRE_TO_EDGE;
    const struct axes axes = {{(triple->top_right.at.x - origin->x) / between,
                               (triple->top_right.at.y - origin->y) / between},
                              {(triple->bottom_left.at.x - origin->x) / between,
                               (triple->bottom_left.at.y - origin->y) / between}};
    double offset = between - 3;
    const struct point expected = {origin->x + offset * (axes.right.x + axes.down.x),
                                   origin->y + offset * (axes.right.y + axes.down.y)};
    struct point corner;
    return (version > 1 && find_alignment(image, &axes, expected, &corner) &&
            read_modules(image, triple, version, &corner, text_out)) ||
           read_modules(image, triple, version, NULL, text_out);
}

/* The distances tell the version, nearly. */
static bool read_triple(const struct image *image, const struct triple *triple,
                        struct buffer *text_out)
{
    static const int steps[] = {0, -1, 1, -2, 2};
    const struct point *from = &triple->top_left.at;
    const struct point *to = &triple->top_right.at;
    double across = distance(&triple->top_left, &triple->top_right);
    double down = distance(&triple->top_left, &triple->bottom_left);
    /* Finders were measured along the picture's rows and columns: longer, when they lie askew. */
    double slant = fmax(fabs(to->x - from->x), fabs(to->y - from->y)) / across;
    double sum = triple->top_left.module + triple->top_right.module + triple->bottom_left.module;
    double side = (across + down) / 2 / (slant * sum / 3) + CENTRE_TO_EDGE;
    int nearest = (int)lround((side - 17) / 4);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int version = nearest + steps[i];
        if (version >= 1 && version <= QR_DECODE_MOST_VERSION &&
            read_version(image, triple, version, text_out)) {
            return true;
        }
    }
    return false;
}

bool qr_find_text(const uint8_t *grey, int width, int height, struct buffer *text_out)
{
    struct finder finders[MOST_FINDERS];
    struct triple triples[MOST_TRIPLES];
    struct image image = {.width = width, .height = height};
    bool found = false;
    if (width < 1 || height < 1 || width > QR_FIND_MOST_SIDE || height > QR_FIND_MOST_SIDE) {
        return false;
    }
    image.dark = memory_allocate((size_t)width * (size_t)height, 1);
    binarize(grey, &image);
    int count = find_triples(finders, find_finders(&image, finders), triples);
    for (int i = 0; i < count && !found; i++) {
        found = read_triple(&image, &triples[i], text_out);
    }
    memory_free(image.dark);
    return found;
}

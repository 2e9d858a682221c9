// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/huffman.h"

#include "pack/bits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A zigzag number below 16 is its own token. A longer one's token says its length and the bit
 * after the leading one; the bits below those two follow raw. */
enum {
    DIRECT = 16,
    TOKENS = DIRECT + 2 * 60,
    LENGTH_MAX = 11,
    TABLE = 1 << LENGTH_MAX,
    PEEK_BITS = 57
};

struct token {
    uint8_t id;
    uint8_t raw_bits;
};

static struct token token_of(uint64_t number)
{
    if (number < DIRECT)
        return (struct token){ (uint8_t)number, 0 };
    const unsigned raw = bw_bit_length(number) - 2;
    return (struct token){ (uint8_t)(DIRECT + 2 * (raw - 3) + (number >> raw & 1)), (uint8_t)raw };
}

static unsigned raw_bits_of(unsigned id)
{
    return id < DIRECT ? 0 : (id - DIRECT) / 2 + 3;
}

static uint64_t least_of(unsigned id)
{
    return id < DIRECT ? id : (uint64_t)(2 | ((id - DIRECT) & 1)) << raw_bits_of(id);
}

/* --- lengths of codes ------------------------------------------------------------------ */

struct node {
    uint32_t weight;
    uint16_t parent;
};

struct leaf {
    uint32_t weight;
    uint8_t id;
};

static int by_weight(const void *left, const void *right)
{
    const struct leaf *a = left, *b = right;
    return a->weight != b->weight ? (a->weight < b->weight ? -1 : 1) : (int)a->id - (int)b->id;
}

/* The lighter of the next leaf and the next inner node: both stand in order of weight. */
static size_t take_lightest(const struct node *nodes, size_t leaves, size_t end, size_t *leaf,
                            size_t *inner)
{
    if (*leaf < leaves && (*inner == end || nodes[*leaf].weight <= nodes[*inner].weight))
        return (*leaf)++;
    return (*inner)++;
}

/* Huffman's tree over two or more leaves in order of weight; says how deep each is. */
static unsigned measure_depths(const struct leaf *leaves, size_t count, uint8_t *out_depths)
{
    struct node nodes[2 * TOKENS] = { 0 };
    for (size_t i = 0; i < count; i++)
        nodes[i].weight = leaves[i].weight;
    size_t leaf = 0, inner = count;
    for (size_t end = count; end < 2 * count - 1; end++) {
        const size_t a = take_lightest(nodes, count, end, &leaf, &inner);
        const size_t b = take_lightest(nodes, count, end, &leaf, &inner);
        nodes[end].weight = nodes[a].weight + nodes[b].weight;
        nodes[a].parent = nodes[b].parent = (uint16_t)end;
    }
    uint8_t depth[2 * TOKENS] = { 0 };
    for (size_t i = 2 * count - 2; i-- > 0;)
        depth[i] = (uint8_t)(depth[nodes[i].parent] + 1);
    unsigned deepest = 0;
    for (size_t i = 0; i < count; i++) {
        out_depths[leaves[i].id] = depth[i];
        deepest = depth[i] > deepest ? depth[i] : deepest;
    }
    return deepest;
}

/* Code lengths of at most LENGTH_MAX for tokens that occur, 0 for the others. A tree that is
 * too deep is made again from flatter weights. */
static void find_lengths(const uint32_t *occurs, uint8_t *out_lengths)
{
    struct leaf leaves[TOKENS];
    size_t count = 0;
    memset(out_lengths, 0, TOKENS);
    for (unsigned id = 0; id < TOKENS; id++) {
        if (occurs[id] > 0)
            leaves[count++] = (struct leaf){ occurs[id], (uint8_t)id };
    }
    if (count == 1) {
        out_lengths[leaves[0].id] = 1;
        return;
    }
    qsort(leaves, count, sizeof *leaves, by_weight);
    while (measure_depths(leaves, count, out_lengths) > LENGTH_MAX) {
        for (size_t i = 0; i < count; i++)
            leaves[i].weight = leaves[i].weight / 2 + 1;
    }
}

static unsigned turn(unsigned code, unsigned length)
{
    unsigned turned = 0;
    for (unsigned bit = 0; bit < length; bit++)
        turned |= (code >> bit & 1) << (length - 1 - bit);
    return turned;
}

/* Canonical codes in order of length, then token, with the first bit lowest. */
static void find_codes(const uint8_t *lengths, uint16_t *out_codes)
{
    unsigned of_length[LENGTH_MAX + 1] = { 0 }, next[LENGTH_MAX + 1];
    for (unsigned id = 0; id < TOKENS; id++)
        of_length[lengths[id]]++;
    for (unsigned length = 1, code = 0; length <= LENGTH_MAX; length++) {
        next[length] = code;
        code = (code + of_length[length]) << 1;
    }
    for (unsigned id = 0; id < TOKENS; id++) {
        if (lengths[id] != 0)
            out_codes[id] = (uint16_t)turn(next[lengths[id]]++, lengths[id]);
    }
}

/* --- writing --------------------------------------------------------------------------- */

static void put_lengths(struct bw_bit_writer *writer, const uint8_t *lengths)
{
    unsigned used = 0, next = 0;
    for (unsigned id = 0; id < TOKENS; id++)
        used += lengths[id] != 0;
    bw_bits_put(writer, used, 8);
    for (unsigned id = 0; id < TOKENS; id++) {
        if (lengths[id] == 0)
            continue;
        bw_bits_put(writer, id == next, 1);
        if (id != next)
            bw_bits_put(writer, id, 8);
        bw_bits_put(writer, lengths[id], 4);
        next = id + 1;
    }
}

void bw_huffman_encode(struct bw_buf *out, const int64_t *values, size_t count)
{
    uint32_t occurs[TOKENS] = { 0 };
    for (size_t i = 0; i < count; i++)
        occurs[token_of(bw_zigzag(values[i])).id]++;
    uint8_t lengths[TOKENS];
    uint16_t codes[TOKENS] = { 0 };
    find_lengths(occurs, lengths);
    find_codes(lengths, codes);
    struct bw_bit_writer writer = { .out = out };
    put_lengths(&writer, lengths);
    for (size_t i = 0; i < count; i++) {
        const uint64_t number = bw_zigzag(values[i]);
        const struct token token = token_of(number);
        bw_bits_put(&writer, codes[token.id], lengths[token.id]);
        bw_bits_put(&writer, number, token.raw_bits);
    }
    bw_bits_flush(&writer);
}

/* --- reading --------------------------------------------------------------------------- */

struct reader {
    const uint8_t *bytes;
    size_t size;
    uint64_t at; /* bit */
};

static unsigned take(struct reader *reader, unsigned width)
{
    const uint64_t value = bw_bits_take(reader->bytes, reader->size, reader->at, width);
    reader->at += width;
    return (unsigned)value;
}

/* A code is sound when it uses up all of the code space, so that every bit pattern means one
 * token; or when it is one token of one bit. */
static bool take_lengths(struct reader *reader, uint8_t *out_lengths)
{
    memset(out_lengths, 0, TOKENS);
    const unsigned used = take(reader, 8);
    unsigned space = 0, next = 0;
    for (unsigned i = 0; i < used; i++) {
        const unsigned id = take(reader, 1) ? next : take(reader, 8);
        const unsigned length = take(reader, 4);
        if (id < next || id >= TOKENS || length == 0 || length > LENGTH_MAX)
            return false;
        out_lengths[id] = (uint8_t)length;
        space += (unsigned)TABLE >> length;
        next = id + 1;
    }
    return space == TABLE || (used == 1 && space == TABLE / 2);
}

/* What the next bits mean. */
struct meaning {
    uint8_t id;
    uint8_t length; /* 0: nothing */
    uint8_t raw_bits;
    uint8_t all_bits;
};

/* A table that the next bits, as many as the longest code has, are the index of. */
struct table {
    unsigned size;    /* a power of two */
    unsigned longest; /* bits of the longest token, raw ones included; at least 1 */
    struct meaning meanings[TABLE];
};

static void fill_table(const uint8_t *lengths, struct table *table)
{
    uint16_t codes[TOKENS];
    unsigned longest = 0;
    for (unsigned id = 0; id < TOKENS; id++)
        longest = lengths[id] > longest ? lengths[id] : longest;
    table->size = 1u << longest;
    table->longest = 1;
    table->meanings[1] = (struct meaning){ 0 }; /* where a single code leaves a gap */
    find_codes(lengths, codes);
    for (unsigned id = 0; id < TOKENS; id++) {
        const unsigned length = lengths[id], raw = raw_bits_of(id);
        const struct meaning meaning = { (uint8_t)id, (uint8_t)length, (uint8_t)raw,
                                         (uint8_t)(length + raw) };
        if (length > 0 && meaning.all_bits > table->longest)
            table->longest = meaning.all_bits;
        for (unsigned at = length > 0 ? codes[id] : TABLE; at < table->size; at += 1u << length)
            table->meanings[at] = meaning;
    }
}

static uint64_t take_raw(const struct reader *reader, const struct meaning *meaning, uint64_t word)
{
    if (meaning->all_bits <= 57)
        return word >> meaning->length & bw_bit_mask(meaning->raw_bits);
    return bw_bits_take(reader->bytes, reader->size, reader->at + meaning->length,
                        meaning->raw_bits);
}

/* One at a time, for tokens of any length and up to the last byte. */
static bool take_slowly(struct reader *reader, const struct table *table, const uint64_t *least,
                        int64_t *out, size_t count)
{
    bool sound = true;
    for (size_t i = 0; i < count; i++) {
        const uint64_t word = bw_bits_peek(reader->bytes, reader->size, reader->at);
        const struct meaning meaning = table->meanings[word & (table->size - 1)];
        sound &= meaning.length != 0;
        out[i] = bw_unzigzag(least[meaning.id] + take_raw(reader, &meaning, word));
        reader->at += meaning.all_bits;
    }
    return sound;
}

/* What the bits at the low end of a word say, and how many they are. */
static inline unsigned take_one(const struct table *table, const uint64_t *least, uint64_t word,
                                int64_t *out, bool *sound)
{
    const struct meaning meaning = table->meanings[word & (table->size - 1)];
    *sound &= meaning.length != 0;
    *out = bw_unzigzag(least[meaning.id]
                       + (word >> meaning.length & ((UINT64_C(1) << meaning.raw_bits) - 1)));
    return meaning.all_bits;
}

/* A word of the bytes has several numbers: how many at least, the longest token says. Returns how
 * many were taken: all but those that are close to the last byte. */
static size_t take_quickly(struct reader *reader, const struct table *table, const uint64_t *least,
                           int64_t *out, size_t count, bool *sound)
{
    const unsigned a_word = PEEK_BITS / table->longest;
    uint64_t at = reader->at;
    size_t i = 0;
    for (; i + a_word <= count && (at >> 3) + 8 <= reader->size; i += a_word) {
        uint64_t word;
        memcpy(&word, reader->bytes + (at >> 3), sizeof word);
        word = le64toh(word) >> (at & 7);
        for (unsigned k = 0; k < a_word; k++) {
            const unsigned bits = take_one(table, least, word, &out[i + k], sound);
            word >>= bits;
            at += bits;
        }
    }
    reader->at = at;
    return i;
}

static bool take_values(struct reader *reader, const uint8_t *lengths, int64_t *out, size_t count)
{
    struct table table;
    uint64_t least[TOKENS];
    bool sound = true;
    size_t taken = 0;
    fill_table(lengths, &table);
    for (unsigned id = 0; id < TOKENS; id++)
        least[id] = least_of(id);
    if (table.longest <= PEEK_BITS)
        taken = take_quickly(reader, &table, least, out, count, &sound);
    return take_slowly(reader, &table, least, out + taken, count - taken) && sound;
}

void bw_huffman_decode(struct bw_bytes *in, int64_t *out, size_t count)
{
    struct reader reader = { in->next, bw_bytes_left(in), 0 };
    uint8_t lengths[TOKENS];
    if (in->bad || !take_lengths(&reader, lengths) || !take_values(&reader, lengths, out, count)
        || reader.at > 8 * (uint64_t)reader.size) {
        in->bad = true;
        return;
    }
    in->next += (reader.at + 7) / 8;
}

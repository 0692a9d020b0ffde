// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include "phial/util/array.h"

sha256 merkle_leaf(str bytes)
{
    struct sha256_state state;
    sha256_start(&state);
    sha256_add(&state, (str){"\x00", 1});
    sha256_add(&state, bytes);
    return sha256_end(&state);
}

sha256 merkle_node(const sha256 *left, const sha256 *right)
{
    struct sha256_state state;
    sha256_start(&state);
    sha256_add(&state, (str){"\x01", 1});
    sha256_add(&state, sha256_str(left));
    sha256_add(&state, sha256_str(right));
    return sha256_end(&state);
}

sha256 merkle_empty(void)
{
    return sha256_of(STR(""));
}

result tree_hash(uint64_t begin, uint64_t end, merkle_source source, void *context, sha256 *hash)
{
    sha256 nodes[MERKLE_LEVELS_MAX];
    size_t count = 0;
    while (begin != end) {
        unsigned level = 63U - (unsigned)__builtin_clzll(end - begin);
        TRY(source(context, (struct merkle_subtree){level, begin >> level}, &nodes[count]));
        count++;
        begin += UINT64_C(1) << level;
    }
    if (count == 0) {
        *hash = merkle_empty();
        return OK;
    }
    sha256 folded = nodes[--count];
    while (count != 0)
        folded = merkle_node(&nodes[--count], &folded);
    *hash = folded;
    return OK;
}

size_t tree_cover(uint64_t size, uint64_t from, uint64_t to, struct merkle_span *spans)
{
    if (size == 0 || from >= to)
        return 0;
    struct {
        uint64_t begin;
        uint64_t end;
    } open[2 * MERKLE_LEVELS_MAX] = {{0, size}};
    size_t open_count = 1;
    size_t count = 0;
    while (open_count != 0) {
        uint64_t begin = open[--open_count].begin;
        uint64_t end = open[open_count].end;
        if (end <= from || begin >= to)
            continue;
        if (begin >= from && end <= to) {
            spans[count++] = (struct merkle_span){.begin = begin, .end = end};
            continue;
        }
        uint64_t middle = begin + tree_split(end - begin);
        open[open_count].begin = middle;
        open[open_count++].end = end;
        open[open_count].begin = begin;
        open[open_count++].end = middle;
    }
    return count;
}

// NOLINTNEXTLINE(readability-function-size): a place in a tree, where hashes come from, the answer
result merkle_cover(uint64_t size, uint64_t from, uint64_t to, merkle_source source, void *context,
                    struct merkle_span *spans, size_t *count)
{
    if (from > to || to > size)
        return FAIL(INVALID, "the range does not lie in the tree");
    struct merkle_span found[2 * MERKLE_LEVELS_MAX];
    size_t found_count = tree_cover(size, from, to, found);
    for (size_t i = 0; i < found_count; i++)
        TRY(tree_hash(found[i].begin, found[i].end, source, context, &found[i].hash));
    for (size_t i = 0; i < found_count; i++)
        spans[i] = found[i];
    *count = found_count;
    return OK;
}

static bool joins(const struct merkle_span *left, const struct merkle_span *right)
{
    uint64_t len = right->end - right->begin;
    bool full = (len & (len - 1)) == 0;
    return full && left->end - left->begin == len && left->begin % (2 * len) == 0;
}

// Nodes from left to right, joined as soon as two of one size meet: the root is their fold.
static void join(struct merkle_parts *parts, struct merkle_span node)
{
    while (parts->node_count != 0 && joins(&parts->nodes[parts->node_count - 1], &node)) {
        const struct merkle_span *left = &parts->nodes[--parts->node_count];
        node = (struct merkle_span){left->begin, node.end, merkle_node(&left->hash, &node.hash)};
    }
    parts->nodes[parts->node_count++] = node;
}

static bool same_places(const struct merkle_span *given, const struct merkle_span *wanted,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (given[i].begin != wanted[i].begin || given[i].end != wanted[i].end)
            return false;
    }
    return true;
}

// NOLINTNEXTLINE(readability-function-size): a range of a tree, a list with its length, the answer
result merkle_parts_open(uint64_t size, uint64_t from, uint64_t to, const struct merkle_span *spans,
                         size_t span_count, struct merkle_parts *parts)
{
    if (from > to || to > size)
        return FAIL(VERIFICATION_FAILED, "the range does not lie in the tree");
    struct merkle_span wanted[2 * MERKLE_LEVELS_MAX];
    size_t before = tree_cover(size, 0, from, wanted);
    size_t wanted_count = before + tree_cover(size, to, size, wanted + before);
    if (span_count != wanted_count || !same_places(spans, wanted, wanted_count))
        return FAIL(VERIFICATION_FAILED, "the nodes are not those that the range needs");
    *parts = (struct merkle_parts){
        .at = from, .to = to, .after = spans + before, .after_count = span_count - before};
    for (size_t i = 0; i < before; i++)
        join(parts, spans[i]);
    return OK;
}

void merkle_parts_add(struct merkle_parts *parts, const sha256 *leaf)
{
    join(parts, (struct merkle_span){parts->at, parts->at + 1, *leaf});
    parts->at++;
}

result merkle_parts_root(struct merkle_parts *parts, sha256 *root)
{
    if (parts->at != parts->to)
        return FAIL(VERIFICATION_FAILED, "the leaves are not as many as the range has");
    for (size_t i = 0; i < parts->after_count; i++)
        join(parts, parts->after[i]);
    if (parts->node_count == 0) {
        *root = merkle_empty();
        return OK;
    }
    sha256 folded = parts->nodes[--parts->node_count].hash;
    while (parts->node_count != 0)
        folded = merkle_node(&parts->nodes[--parts->node_count].hash, &folded);
    *root = folded;
    return OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "tokens.h"

#include <assert.h>
#include <string.h>

static const char blank_token[] = "\"tok_..........................\"";
_Static_assert(sizeof blank_token == sizeof "\"tok_\"" + TOKEN_DIGITS, "as long as a token");

static result find_key(struct tokeniser *tokeniser, const struct token_use *use)
{
    const struct token_use *last = &tokeniser->use;
    if (tokeniser->key != NULL && last->customer_id == use->customer_id &&
        last->crosswalk == use->crosswalk && str_eq(last->scope, use->scope))
        return OK;
    TRY(cache_token_key(tokeniser->cache, tokeniser->db, use, &tokeniser->key));
    tokeniser->use = *use;
    return OK;
}

static void make_room(struct tokeniser *tokeniser)
{
    size_t room = tokeniser->room;
    tokeniser->places = arena_grow(tokeniser->arena, tokeniser->places, tokeniser->count, &room,
                                   sizeof *tokeniser->places);
    tokeniser->codes = arena_grow(tokeniser->arena, tokeniser->codes, tokeniser->count,
                                  &tokeniser->room, sizeof *tokeniser->codes);
}

static str in_quotes(struct arena *arena, str token)
{
    return str_concat(arena, STR("\""), token, STR("\""));
}

static void use_code(struct tokeniser *tokeniser, const sha256 *mac, str *json, ptrdiff_t *blank)
{
    struct token_code code = {.customer_id = tokeniser->use.customer_id,
                              .scope = tokeniser->use.scope,
                              .generation = tokeniser->key->generation,
                              .mac = *mac};
    if (cache_knows_code(tokeniser->cache, tokeniser->arena, &code)) {
        *json = in_quotes(tokeniser->arena, token_text(tokeniser->arena, code.digits));
        return;
    }
    make_room(tokeniser);
    *blank = (ptrdiff_t)tokeniser->count;
    *json = (str){blank_token, sizeof blank_token - 1};
    tokeniser->codes[tokeniser->count] = code;
    tokeniser->places[tokeniser->count++] = NULL;
}

result token_make(struct tokeniser *tokeniser, const struct token_owner *owner,
                  const struct property *property, str *json, ptrdiff_t *blank)
{
    struct token_use use = {.customer_id = owner->customer_id,
                            .scope =
                                token_key_scope(tokeniser->arena, property, owner->zone, owner->at),
                            .crosswalk = property->surrogate};
    *blank = NO_BLANK;
    TRY(find_key(tokeniser, &use));
    sha256 mac = token_mac(&tokeniser->key->hmac, property, owner->source, owner->id, *json);
    if (property->surrogate)
        use_code(tokeniser, &mac, json, blank);
    else
        *json = in_quotes(tokeniser->arena, token_print(tokeniser->arena, &mac));
    return OK;
}

void token_place(const struct tokeniser *tokeniser, ptrdiff_t blank, char *json)
{
    assert(blank >= 0 && (size_t)blank < tokeniser->count);
    assert(memcmp(json, blank_token, sizeof blank_token - 1) == 0);
    tokeniser->places[blank] = json + sizeof "\"tok_" - 1;
}

result tokens_fill(struct tokeniser *tokeniser)
{
    if (tokeniser->count == 0)
        return OK;
    struct token_codes codes = {tokeniser->codes, tokeniser->count, tokeniser->dry};
    TRY(cache_find_codes(tokeniser->cache, tokeniser->db, tokeniser->arena, &codes));
    for (size_t i = 0; i < tokeniser->count; i++) {
        assert(tokeniser->places[i] != NULL);
        memcpy(tokeniser->places[i], tokeniser->codes[i].digits.ptr, TOKEN_DIGITS);
    }
    tokeniser->count = 0;
    return OK;
}

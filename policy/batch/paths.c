
/* Paths of prices, and by how much loans exceed what their collateral carries at the end of each. Of `paths` paths a
   row holds one price or value each, one row after another. */

#define ONE INT64_C(1000000000000)
#define MOST INT64_C(1000000000000000000)

static i128 within(i128 x) { return x < 1 ? 1 : x > MOST ? MOST : x; }

static uint64_t number(uint64_t seed, uint64_t n) {
    uint64_t x = seed + UINT64_C(0x9e3779b97f4a7c15) * (n + 1);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* What every asset is priced at after each path, from the path `first` on. */
KERNEL draw(int64_t paths, int64_t first, int64_t seed, int64_t held, int64_t moves, int64_t assets,
    const int64_t *ratios, const int64_t *now, int64_t *price) {
    EACH(i, paths) {
        for (int64_t a = 0; a < assets; a++) {
            i128 factor = ONE;
            for (int64_t k = 0; k < held; k++) {
                const u128 drawn = number((uint64_t)seed, (uint64_t)((first + i) * held + k));
                const int64_t at = (int64_t)(drawn * (u128)moves >> 64);
                factor = within((factor * ratios[a * moves + at] + ONE / 2) / ONE);
            }
            price[a * paths + i] = (int64_t)within(divide_half_even_full(now[a] * factor, ONE));
        }
    }
}

/* The price of every position, which is that of its asset. */
KERNEL spread(int64_t rows, int64_t paths, const int64_t *asset, const int64_t *price, int64_t *of_position) {
    EACH(i, rows) of_position[i] = price[asset[i / paths] * paths + i % paths];
}

/* Of each path: the sum of what is short, in how many accounts, and how many have a position without a value or are short
   by more than can be added here. The positions of an account stand together, from `from` on. */
KERNEL fall_short(int64_t paths, int64_t accounts, const int64_t *from, const int64_t *loan, const uint8_t *is_worth,
    const int64_t *lent, const uint8_t *is_lent, int64_t *shortfall, int64_t *count, int64_t *unvalued) {
    EACH(i, paths) {
        shortfall[i] = count[i] = unvalued[i] = 0;
        for (int64_t a = 0; a < accounts; a++) {
            i128 carried = 0;
            int valued = 1;
            for (int64_t p = from[a]; p < from[a + 1]; p++) {
                valued &= is_worth[p * paths + i] & is_lent[p * paths + i];
                carried += lent[p * paths + i];
            }
            const i128 gap = loan[a] - carried;
            valued &= gap < INT64_C(9000000000000000000) / accounts;
            unvalued[i] += !valued;
            if (valued && gap > 0) {
                shortfall[i] += (int64_t)gap;
                count[i]++;
            }
        }
    }
}

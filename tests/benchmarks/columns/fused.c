/* The lending value of all positions in one loop: what a program for this one table alone takes.

   Floors to cents twice, as the rules do; every product and sum that could go beyond 64 bits is checked. Gives 0 and
   the total in cents, or 1 where a number is negative, a class unknown, or something went beyond. */

#include <stdint.h>

#define SPLIT 100000000LL /* units of a quantity in one */

int lending(int64_t n, const uint8_t *class, const int64_t *quantity, const int64_t *price, const int64_t *kept,
            const int64_t *cap, int64_t classes, int64_t *total)
{
    int64_t sum = 0;
    int wrong = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t q = quantity[i], p = price[i], whole, rest, worth, lent;
        if (class[i] >= classes)
            return 1;
        wrong |= (q < 0) | (p < 0);
        wrong |= __builtin_mul_overflow(q / SPLIT, p, &whole);
        wrong |= __builtin_mul_overflow(q % SPLIT, p, &rest);
        wrong |= __builtin_add_overflow(whole, rest / SPLIT, &worth);
        wrong |= __builtin_mul_overflow(worth / 100, kept[class[i]], &lent);
        lent /= 100;
        if (lent > cap[class[i]])
            lent = cap[class[i]];
        wrong |= __builtin_add_overflow(sum, lent, &sum);
    }
    *total = sum;
    return wrong;
}

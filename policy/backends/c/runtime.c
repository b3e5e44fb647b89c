/* What compiled rules call. Values are exact: nothing here wraps, allocates or calls a library. */

#if !defined(__CUDACC__) && (!defined(__GNUC__) || !defined(__SIZEOF_INT128__))
#error "this needs a compiler with 128-bit integers: GCC or Clang for a 64-bit machine or for WebAssembly"
#endif

#ifndef __CUDACC__
#pragma GCC diagnostic ignored "-Wtype-limits" /* rules may compare a number with one that it never reaches, */
#pragma GCC diagnostic ignored "-Wtautological-compare" /* or with itself */
#endif

#define HELPER static inline __attribute__((unused))

typedef int64_t i64;
__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

#define I128(high, low) ((i128)(((u128)(uint64_t)(high) << 64) | (u128)(low)))

/* A struct with these members. */
#ifdef __CUDACC__
#define STRUCT(name, ...) name{__VA_ARGS__}
#else
#define STRUCT(name, ...) ((struct name){__VA_ARGS__})
#endif

typedef struct needs { uint64_t w[WORDS]; } needs;
struct context { i64 today; int32_t fault, detail[2]; uint32_t where; int missing; };
struct ref { const void *at; int32_t base; };                                   /* a record; its path, or -1 */
struct span { const void *at; uint32_t length; };                               /* a set, in ascending order */
struct list { const void *at; const uint8_t *given; uint32_t length; int32_t base; };
struct wide { i128 high; u128 low; };                                           /* a sum of more than 128 bits */

/* Whether a result does not fit; a compiler for devices (CUDA) has no builtins for it. */
#ifdef __CUDACC__
HELPER int add_overflows(i128 a, i128 b, i128 *r) { *r = (i128)((u128)a + (u128)b); return b < 0 ? *r > a : *r < a; }
HELPER int sub_overflows(i128 a, i128 b, i128 *r) { *r = (i128)((u128)a - (u128)b); return b < 0 ? *r < a : *r > a; }
HELPER int mul_overflows(i128 a, i128 b, i128 *r) {
    if (b == -1) return sub_overflows(0, a, r);
    *r = (i128)((u128)a * (u128)b);
    return b != 0 && *r / b != a;
}
#else
#define add_overflows __builtin_add_overflow
#define sub_overflows __builtin_sub_overflow
#define mul_overflows __builtin_mul_overflow
#endif

/* ── needs ─────────────────────────────────────────────────────────────────────────────── */

HELPER needs no_needs(void) { needs n; for (int i = 0; i < WORDS; i++) n.w[i] = 0; return n; }

HELPER needs need(int32_t bit) { needs n = no_needs(); n.w[bit / 64] = UINT64_C(1) << (bit % 64); return n; }

HELPER needs both_needs(needs a, needs b) { for (int i = 0; i < WORDS; i++) a.w[i] |= b.w[i]; return a; }

HELPER int is_unknown(needs a) { uint64_t any = 0; for (int i = 0; i < WORDS; i++) any |= a.w[i]; return any != 0; }

/* Of a field: nothing where it is given, its own bit where the record's path is known, else what the record needs. */
HELPER needs needs_of(int given, struct ref of, int32_t offset, needs record) {
    return given ? no_needs() : of.base >= 0 ? need(of.base + offset) : record;
}

/* ── texts and sets ────────────────────────────────────────────────────────────────────── */

HELPER int compare_texts(policy_text a, policy_text b) {
    uint32_t shorter = a.length < b.length ? a.length : b.length;
    for (uint32_t i = 0; i < shorter; i++)
        if (a.at[i] != b.at[i]) return (unsigned char)a.at[i] < (unsigned char)b.at[i] ? -1 : 1;
    return a.length < b.length ? -1 : a.length > b.length;
}

#define SETS(NAME, TYPE, ORDER)                                                       \
    HELPER int in_##NAME(TYPE x, struct span s) {                                     \
        const TYPE *at = (const TYPE *)s.at;                                          \
        uint32_t low = 0, high = s.length;                                            \
        while (low < high) {                                                          \
            uint32_t middle = low + (high - low) / 2;                                 \
            if (ORDER(at[middle], x) < 0) low = middle + 1; else high = middle;       \
        }                                                                             \
        return low < s.length && ORDER(at[low], x) == 0;                              \
    }                                                                                 \
    HELPER int same_##NAME(struct span a, struct span b) {                            \
        if (a.length != b.length) return 0;                                           \
        for (uint32_t i = 0; i < a.length; i++)                                       \
            if (ORDER(((const TYPE *)a.at)[i], ((const TYPE *)b.at)[i]) != 0) return 0; \
        return 1;                                                                     \
    }                                                                                 \
    HELPER int ascending_##NAME(const TYPE *at, uint32_t length) {                    \
        for (uint32_t i = 1; i < length; i++)                                         \
            if (ORDER(at[i - 1], at[i]) >= 0) return 0;                               \
        return 1;                                                                     \
    }
#define ORDER_OF_NUMBERS(a, b) ((a) < (b) ? -1 : (a) > (b))

SETS(numbers, int64_t, ORDER_OF_NUMBERS)
SETS(codes, int32_t, ORDER_OF_NUMBERS)
SETS(booleans, uint8_t, ORDER_OF_NUMBERS)
SETS(texts, policy_text, compare_texts)

/* ── quotients and roots ───────────────────────────────────────────────────────────────── */

/* The exact quotient, rounded; nought where the divisor is, which is a fault already. */
#define DIVISION(NAME, SIGNED, UNSIGNED, MORE)                                        \
    HELPER SIGNED NAME(SIGNED numerator, SIGNED denominator) {                        \
        if (denominator == 0) return 0;                                               \
        int negative = (numerator < 0) != (denominator < 0);                          \
        UNSIGNED n = numerator < 0 ? -(UNSIGNED)numerator : (UNSIGNED)numerator;      \
        UNSIGNED d = denominator < 0 ? -(UNSIGNED)denominator : (UNSIGNED)denominator; \
        UNSIGNED quotient = n / d, rest = n - quotient * d;                           \
        quotient += (rest != 0) & (MORE);                                             \
        return negative ? (SIGNED)-quotient : (SIGNED)quotient;                       \
    }
#define DIVISIONS(NAME, MORE)                                                         \
    DIVISION(NAME##_64, i64, uint64_t, MORE)                                          \
    DIVISION(NAME##_full, i128, u128, MORE)                                           \
    HELPER i128 NAME##_128(i128 n, i128 d) {                                          \
        return (i64)n == n && (i64)d == d && (i64)n != INT64_MIN                      \
            ? NAME##_64((i64)n, (i64)d) : NAME##_full(n, d);                          \
    }
DIVISIONS(divide_down, 0)
DIVISIONS(divide_up, 1)
DIVISIONS(divide_half_up, rest >= d - rest)
DIVISIONS(divide_half_even, rest > d - rest || (rest == d - rest && (quotient & 1)))

HELPER i128 root(i128 operand) {
    if (operand <= 0) return 0;
    u128 rest = (u128)operand, result = 0, bit = (u128)1 << 126;
    while (bit > rest) bit >>= 2;
    for (; bit != 0; bit >>= 2) {
        if (rest >= result + bit) {
            rest -= result + bit;
            result = (result >> 1) + bit;
        } else {
            result >>= 1;
        }
    }
    return (i128)result;
}

/* ── sums that may pass 128 bits on the way ────────────────────────────────────────────── */

HELPER struct wide added(struct wide sum, i128 x) {
    sum.low += (u128)(uint64_t)x;
    sum.high += x >> 64;
    return sum;
}

HELPER int narrowed(struct wide sum, i128 *result) {
    i128 high = sum.high + (i128)(sum.low >> 64);
    if (high != (i64)high) return 0;
    *result = I128((i64)high, (uint64_t)sum.low);
    return 1;
}

/* ── the calendar, whose day 1 is the first of the year 1 ──────────────────────────────── */

enum { LAST_DAY = 3652059 };

HELPER int in_calendar(i128 day) { return day >= 1 && day <= LAST_DAY; }

HELPER i64 day_of(i64 year, i64 month, i64 day) {
    i64 y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 306 + (y < 0 ? -1 : 0);
}

HELPER void date_of(i64 number, i64 *year, i64 *month, i64 *day) {
    i64 n = number + 305, era = n / 146097, e = n - era * 146097;
    i64 y = (e - e / 1460 + e / 36524 - e / 146096) / 365, d = e - (365 * y + y / 4 - y / 100), m = (5 * d + 2) / 153;
    *day = d - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = era * 400 + y + (*month <= 2);
}

HELPER i64 year_of(i64 number) { i64 y = 0, m = 0, d = 0; if (in_calendar(number)) date_of(number, &y, &m, &d); return y; }
HELPER i64 month_of(i64 number) { i64 y = 0, m = 0, d = 0; if (in_calendar(number)) date_of(number, &y, &m, &d); return m; }
HELPER i64 day_of_month(i64 number) { i64 y = 0, m = 0, d = 0; if (in_calendar(number)) date_of(number, &y, &m, &d); return d; }
HELPER i64 day_of_year(i64 number) { return in_calendar(number) ? number - day_of(year_of(number), 1, 1) + 1 : 0; }

/* Nought where there is no such day. */
HELPER i64 months_later(i64 number, i64 months) {
    i64 y = 0, m = 0, d = 0;
    if (!in_calendar(number)) return 0;
    date_of(number, &y, &m, &d);
    i64 whole = y * 12 + m - 1 + months;
    if (whole < 12 || whole >= 120000) return 0;
    i64 next = whole + 1, last = day_of(next / 12, next % 12 + 1, 1) - day_of(whole / 12, whole % 12 + 1, 1);
    return day_of(whole / 12, whole % 12 + 1, d < last ? d : last);
}

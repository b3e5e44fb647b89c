/* What a kernel stands on: a device of CUDA, or this machine's own processor as a grid of one thread. */

#ifdef __CUDACC_RTC__
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#define INT64_C(c) c##LL
#define UINT64_C(c) c##ULL
#define INT64_MIN (-INT64_C(9223372036854775807) - 1)
#define __extension__
#else
#include <stdint.h>
#endif

#ifdef __CUDACC__
#define KERNEL extern "C" __global__ void
#define static static __device__ /* all that follows is the device's */
#else
#define KERNEL void
static const struct { int64_t x; } threadIdx = {0}, blockIdx = {0}, blockDim = {1}, gridDim = {1};
#endif

#define EACH(i, n)                                                                    \
    for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (int64_t)gridDim.x * blockDim.x)

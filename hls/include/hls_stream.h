// Streams between processes as Vitis HLS has them: for hlsc calls that it knows, for C simulation a queue.
// Whatever T is, its exact bits travel: a structure's first member lowest, as Vitis packs it.
#pragma once

#include <cstddef>
#include <utility>

#include "ap_int.h"
#ifndef __HLSC__
#include <cstdio>
#include <cstdlib>
#include <deque>
#endif

namespace hls {
namespace packing {

struct any {
    template <class T>
    operator T() const;
};
template <class T, class S, class = void>
struct made_of : std::false_type {};
template <class T, size_t... I>
struct made_of<T, std::index_sequence<I...>, std::void_t<decltype(T{((void)I, any{})...})>> : std::true_type {};
template <class T, size_t N = 16>
constexpr size_t members() {
    if constexpr (N == 0 || made_of<T, std::make_index_sequence<N>>::value) {
        return N;
    } else {
        return members<T, N - 1>();
    }
}

// Calls f with all members of t.
template <class T, class F>
AP_INLINE auto apply(T& t, F f) {
    constexpr size_t n = members<std::remove_const_t<T>>();
    static_assert(n >= 1 && n <= 12, "a structure in a stream has 1 to 12 members, none of them an array");
    // clang-format off
    if constexpr (n == 1) { auto& [a] = t; return f(a); }
    else if constexpr (n == 2) { auto& [a, b] = t; return f(a, b); }
    else if constexpr (n == 3) { auto& [a, b, c] = t; return f(a, b, c); }
    else if constexpr (n == 4) { auto& [a, b, c, d] = t; return f(a, b, c, d); }
    else if constexpr (n == 5) { auto& [a, b, c, d, e] = t; return f(a, b, c, d, e); }
    else if constexpr (n == 6) { auto& [a, b, c, d, e, g] = t; return f(a, b, c, d, e, g); }
    else if constexpr (n == 7) { auto& [a, b, c, d, e, g, h] = t; return f(a, b, c, d, e, g, h); }
    else if constexpr (n == 8) { auto& [a, b, c, d, e, g, h, i] = t; return f(a, b, c, d, e, g, h, i); }
    else if constexpr (n == 9) { auto& [a, b, c, d, e, g, h, i, j] = t; return f(a, b, c, d, e, g, h, i, j); }
    else if constexpr (n == 10) { auto& [a, b, c, d, e, g, h, i, j, k] = t; return f(a, b, c, d, e, g, h, i, j, k); }
    else if constexpr (n == 11) { auto& [a, b, c, d, e, g, h, i, j, k, l] = t; return f(a, b, c, d, e, g, h, i, j, k, l); }
    else { auto& [a, b, c, d, e, g, h, i, j, k, l, m] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m); }
    // clang-format on
}
template <class T>
constexpr int width();
struct add_widths {
    template <class... F>
    constexpr auto operator()(F&...) const {
        return std::integral_constant<int, (width<std::remove_const_t<F>>() + ...)>{};
    }
};
template <class T>
constexpr int width() {
    if constexpr (ap::operand<T>::is) {
        return ap::operand<T>::width;
    } else {
        return decltype(apply(std::declval<T&>(), add_widths{}))::value;
    }
}
template <class T>
using bits = ap::raw<width<T>(), false>;

template <class T>
AP_INLINE bits<T> pack(const T& t) {
    if constexpr (ap::operand<T>::is) {
        return bits<T>(ap::operand<T>::get(t));
    } else {
        return apply(t, [](auto&... m) {
            bits<T> all = 0;
            int at = 0;
            ((all |= bits<T>(pack(m)) << at, at += width<std::remove_cv_t<std::remove_reference_t<decltype(m)>>>()), ...);
            return all;
        });
    }
}
template <class T>
AP_INLINE T unpack(bits<T> b) {
    if constexpr (ap::operand<T>::mine) {
        T t{};
        t.v = decltype(t.v)(b);
        return t;
    } else if constexpr (ap::operand<T>::is) {
        return T(b);
    } else {
        T t{};
        apply(t, [b](auto&... m) {
            int at = 0;
            ((m = unpack<std::remove_reference_t<decltype(m)>>(bits<std::remove_reference_t<decltype(m)>>(b >> at)),
              at += width<std::remove_reference_t<decltype(m)>>()),
             ...);
            return 0;
        });
        return t;
    }
}

}  // namespace packing

#ifdef __HLSC__
extern "C" {
void __hlsc_read(void* stream, void* to, int width);
void __hlsc_write(void* stream, const void* from, int width);
bool __hlsc_empty(void* stream);
}
#endif

template <class T, int DEPTH = 0>
class stream;
template <class T>
class stream<T, 0> {
public:
    static constexpr int width = packing::width<T>();
    stream(const stream&) = delete;
#ifdef __HLSC__
    constexpr stream(const char* = nullptr) {}
    AP_INLINE bool empty() {
        return __hlsc_empty(this);
    }
    AP_INLINE T read() {
        packing::bits<T> b{};
        __hlsc_read(this, &b, width);
        return packing::unpack<T>(b);
    }
    AP_INLINE void write(const T& t) {
        packing::bits<T> b = packing::pack(t);
        __hlsc_write(this, &b, width);
    }

private:
    char one_byte_ = 0;  // hlsc reads a stream's depth from the size of the object
#else
    stream(const char* name = "stream") : name_(name) {}
    bool empty() const {
        return words_.empty();
    }
    T read() {
        if (words_.empty()) {
            std::fprintf(stderr, "hls::stream %s: read while empty: poll empty() first\n", name_);
            std::abort();
        }
        T t = words_.front();
        words_.pop_front();
        return t;
    }
    void write(const T& t) {
        words_.push_back(t);
    }

private:
    const char* name_;
    std::deque<T> words_;
#endif
};
template <class T, int DEPTH>
class stream : public stream<T, 0> {
public:
#ifdef __HLSC__
    constexpr stream(const char* = nullptr) {}

private:
    char rest_[DEPTH > 1 ? DEPTH - 1 : 1] = {};
#else
    using stream<T, 0>::stream;
#endif
};

}  // namespace hls

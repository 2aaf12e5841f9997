// Integers of any width as Vitis HLS has them, over clang's _BitInt, which LLVM sees as its exact types. Used
// where Vitis is absent: by hlsc and for C simulation with clang (g++ 12 has no _BitInt in C++).
//
// What differs from Vitis: a default-constructed value is zero; shift distances are unsigned; ap_int<1> is refused.
#pragma once

#include <type_traits>

#define AP_INLINE __attribute__((always_inline)) constexpr

template <int N>
struct ap_int;
template <int N>
struct ap_uint;
template <int N, bool S>
struct ap_int_base;

namespace ap {

constexpr int max(int a, int b) {
    return a > b ? a : b;
}
template <int N, bool S>
struct raw_type {
    using type = unsigned _BitInt(N);
};
template <int N>
struct raw_type<N, true> {
    static_assert(N > 1, "ap_int<1> is outside the subset: use ap_uint<1> or bool");
    using type = signed _BitInt(N);
};
template <int N, bool S>
using raw = typename raw_type<N, S>::type;
template <int N, bool S>
using of = std::conditional_t<S, ap_int<N>, ap_uint<N>>;

// The smallest C type that holds N bits, what an ap_int converts to.
template <int N, bool S, class I8, class I16, class I32, class I64>
using pick = std::conditional_t<N <= 8, I8, std::conditional_t<N <= 16, I16, std::conditional_t<N <= 32, I32, I64>>>;
template <int N, bool S>
using native = std::conditional_t<
    S, pick<N, S, signed char, short, int, long>,
    std::conditional_t<N == 1, bool, pick<N, S, unsigned char, unsigned short, unsigned, unsigned long>>>;

template <int N>
AP_INLINE raw<N, false> ones(int n) {
    return n >= N ? raw<N, false>(~raw<N, false>(0)) : raw<N, false>((raw<N, false>(1) << n) - raw<N, false>(1));
}

// A part of a value, hi down to lo, that can be assigned to.
template <int N, bool S>
struct range_ref {
    ap_int_base<N, S>& whole;
    int hi, lo;
    AP_INLINE raw<N, false> get() const {
        return (raw<N, false>(whole.v) >> lo) & ones<N>(hi - lo + 1);
    }
    AP_INLINE void set(raw<N, false> x) const {
        raw<N, false> mask = ones<N>(hi - lo + 1) << lo;  // clang 19 dies of a constant _BitInt(129) or wider here
        whole.v = raw<N, S>((raw<N, false>(whole.v) & ~mask) | ((x << lo) & mask));
    }
    template <class T>
    AP_INLINE const range_ref& operator=(const T& x) const;
    AP_INLINE const range_ref& operator=(const range_ref& x) const {
        set(x.get());
        return *this;
    }
    AP_INLINE operator native<N, false>() const {
        return native<N, false>(get());
    }
    AP_INLINE unsigned to_uint() const {
        return unsigned(get());
    }
};
template <int N, bool S>
struct bit_ref {
    ap_int_base<N, S>& whole;
    int at;
    AP_INLINE operator bool() const {
        return bool((raw<N, false>(whole.v) >> at) & raw<N, false>(1));
    }
    AP_INLINE const bit_ref& operator=(bool x) const {
        range_ref<N, S>{whole, at, at}.set(raw<N, false>(x));
        return *this;
    }
    AP_INLINE const bit_ref& operator=(const bit_ref& x) const {
        return *this = bool(x);
    }
};

// What an operand of an operator is: width, sign, value.
template <class T, class = void>
struct operand {
    static constexpr bool is = false, mine = false;
};
template <class T>
struct operand<T, std::enable_if_t<std::is_integral_v<T>>> {
    static constexpr bool is = true, mine = false, sign = std::is_signed_v<T>;
    static constexpr int width = std::is_same_v<T, bool> ? 1 : int(sizeof(T)) * 8;
    static AP_INLINE raw<width, sign> get(T x) {
        return raw<width, sign>(x);
    }
};
template <class T>
struct operand<T, std::enable_if_t<std::is_enum_v<T>>> : operand<std::underlying_type_t<T>> {
    static AP_INLINE auto get(T x) {
        return operand<std::underlying_type_t<T>>::get(std::underlying_type_t<T>(x));
    }
};
template <int N, bool S>
std::integral_constant<int, N> width_of(const ap_int_base<N, S>*);
template <int N, bool S>
std::bool_constant<S> sign_of(const ap_int_base<N, S>*);
template <class T>
struct operand<T, std::void_t<decltype(width_of(static_cast<const T*>(nullptr)))>> {
    static constexpr bool is = true, mine = true;
    static constexpr int width = decltype(width_of(static_cast<const T*>(nullptr)))::value;
    static constexpr bool sign = decltype(sign_of(static_cast<const T*>(nullptr)))::value;
    static AP_INLINE raw<width, sign> get(const T& x) {
        return x.v;
    }
};
template <int N, bool S>
struct operand<range_ref<N, S>, void> {
    static constexpr bool is = true, mine = true, sign = false;
    static constexpr int width = N;
    static AP_INLINE raw<N, false> get(const range_ref<N, S>& x) {
        return x.get();
    }
};
template <int N, bool S>
struct operand<bit_ref<N, S>, void> {
    static constexpr bool is = true, mine = true, sign = false;
    static constexpr int width = 1;
    static AP_INLINE raw<1, false> get(const bit_ref<N, S>& x) {
        return raw<1, false>(bool(x));
    }
};

// Widths and signs of results, as Vitis has them.
template <class A, class B>
struct both {
    static constexpr bool s = operand<A>::sign || operand<B>::sign;
    static constexpr int w = max(operand<A>::width + (operand<B>::sign && !operand<A>::sign),
                                 operand<B>::width + (operand<A>::sign && !operand<B>::sign));
};
template <class A, class B>
using if_operands = std::enable_if_t<operand<A>::is && operand<B>::is && (operand<A>::mine || operand<B>::mine), int>;

template <class R>
AP_INLINE R make(decltype(R::v) v) {
    R r{};
    r.v = v;
    return r;
}

}  // namespace ap

template <int N, bool S>
struct ap_int_base {
    static_assert(N >= 1 && N <= 4096, "hlsc takes widths of 1 to 4096 bits");
    static constexpr int width = N;
    using raw = ap::raw<N, S>;
    raw v = 0;

    AP_INLINE operator ap::native<N, S>() const {
        return ap::native<N, S>(v);
    }
    AP_INLINE unsigned to_uint() const {
        return unsigned(v);
    }
    AP_INLINE int to_int() const {
        return int(v);
    }
    AP_INLINE unsigned long to_uint64() const {
        return (unsigned long)(v);
    }
    AP_INLINE long to_int64() const {
        return long(v);
    }
    AP_INLINE ap::range_ref<N, S> range(int hi, int lo) {
        return {*this, hi, lo};
    }
    AP_INLINE ap_uint<N> range(int hi, int lo) const;
    AP_INLINE ap::range_ref<N, S> operator()(int hi, int lo) {
        return {*this, hi, lo};
    }
    AP_INLINE ap_uint<N> operator()(int hi, int lo) const;
    AP_INLINE ap::bit_ref<N, S> operator[](int i) {
        return {*this, i};
    }
    AP_INLINE bool operator[](int i) const {
        return bool((ap::raw<N, false>(v) >> i) & ap::raw<N, false>(1));
    }
    AP_INLINE bool operator!() const {
        return v == 0;
    }
    AP_INLINE ap::of<N, S> operator~() const {
        return ap::make<ap::of<N, S>>(raw(~v));
    }
    AP_INLINE ap_int<N + 1> operator-() const;
    AP_INLINE bool or_reduce() const {
        return v != 0;
    }
    AP_INLINE bool and_reduce() const {
        return ap::raw<N, false>(v) == ap::ones<N>(N);
    }
    AP_INLINE bool xor_reduce() const {
        bool r = false;
        for (int i = 0; i < N; ++i) r ^= (*this)[i];
        return r;
    }
};

#define AP_INT_CLASS(NAME, SIGN)                                              \
    template <int N>                                                          \
    struct NAME : ap_int_base<N, SIGN> {                                      \
        using raw = ap::raw<N, SIGN>;                                         \
        NAME() = default;                                                     \
        template <class T, std::enable_if_t<ap::operand<T>::is, int> = 0>     \
        AP_INLINE NAME(const T& x) : ap_int_base<N, SIGN>{} {                 \
            this->v = raw(ap::operand<T>::get(x));                            \
        }                                                                     \
        AP_INLINE NAME& operator++() {                                        \
            this->v = raw(ap::raw<N, false>(this->v) + ap::raw<N, false>(1)); \
            return *this;                                                     \
        }                                                                     \
        AP_INLINE NAME& operator--() {                                        \
            this->v = raw(ap::raw<N, false>(this->v) - ap::raw<N, false>(1)); \
            return *this;                                                     \
        }                                                                     \
        AP_INLINE NAME operator++(int) {                                      \
            const NAME old = *this;                                           \
            ++*this;                                                          \
            return old;                                                       \
        }                                                                     \
        AP_INLINE NAME operator--(int) {                                      \
            const NAME old = *this;                                           \
            --*this;                                                          \
            return old;                                                       \
        }                                                                     \
    };
AP_INT_CLASS(ap_int, true)
AP_INT_CLASS(ap_uint, false)
#undef AP_INT_CLASS

template <int N, bool S>
AP_INLINE ap_uint<N> ap_int_base<N, S>::range(int hi, int lo) const {
    return ap::make<ap_uint<N>>((ap::raw<N, false>(v) >> lo) & ap::ones<N>(hi - lo + 1));
}
template <int N, bool S>
AP_INLINE ap_uint<N> ap_int_base<N, S>::operator()(int hi, int lo) const {
    return range(hi, lo);
}
template <int N, bool S>
AP_INLINE ap_int<N + 1> ap_int_base<N, S>::operator-() const {
    return ap::make<ap_int<N + 1>>(-ap::raw<N + 1, true>(v));
}
template <int N, bool S>
template <class T>
AP_INLINE const ap::range_ref<N, S>& ap::range_ref<N, S>::operator=(const T& x) const {
    set(raw<N, false>(operand<T>::get(x)));
    return *this;
}

#define AP_BINARY(OP, WIDTH, SIGN)                                                                             \
    template <class A, class B, ap::if_operands<A, B> = 0>                                                     \
    AP_INLINE auto operator OP(const A& a, const B& b) {                                                       \
        constexpr int w = WIDTH;                                                                               \
        constexpr bool s = SIGN;                                                                               \
        return ap::make<ap::of<w, s>>(ap::raw<w, s>(ap::operand<A>::get(a)) OP ap::raw<w, s>(ap::operand<B>::get(b))); \
    }                                                                                                          \
    template <int N, bool S, class B, std::enable_if_t<ap::operand<B>::is, int> = 0>                           \
    AP_INLINE ap_int_base<N, S>& operator OP##=(ap_int_base<N, S>& a, const B& b) {                            \
        a.v = ap::raw<N, S>((a OP b).v);                                                                       \
        return a;                                                                                              \
    }
AP_BINARY(+, (ap::both<A, B>::w + 1), (ap::both<A, B>::s))
AP_BINARY(-, (ap::both<A, B>::w + 1), true)
AP_BINARY(*, (ap::operand<A>::width + ap::operand<B>::width), (ap::both<A, B>::s))
AP_BINARY(&, (ap::both<A, B>::w), (ap::both<A, B>::s))
AP_BINARY(|, (ap::both<A, B>::w), (ap::both<A, B>::s))
AP_BINARY(^, (ap::both<A, B>::w), (ap::both<A, B>::s))
#undef AP_BINARY

#define AP_COMPARE(OP)                                                                         \
    template <class A, class B, ap::if_operands<A, B> = 0>                                     \
    AP_INLINE bool operator OP(const A& a, const B& b) {                                       \
        using raw = ap::raw<ap::both<A, B>::w, ap::both<A, B>::s>;                             \
        return raw(ap::operand<A>::get(a)) OP raw(ap::operand<B>::get(b));                     \
    }
AP_COMPARE(==)
AP_COMPARE(!=)
AP_COMPARE(<)
AP_COMPARE(<=)
AP_COMPARE(>)
AP_COMPARE(>=)
#undef AP_COMPARE

// A shift keeps its left operand's type; a distance of its width or more leaves zeros, or copies of the sign.
template <int N, bool S, class B, std::enable_if_t<ap::operand<B>::is, int> = 0>
AP_INLINE ap::of<N, S> operator<<(const ap_int_base<N, S>& a, const B& distance) {
    const auto n = (unsigned long)(ap::operand<B>::get(distance));
    return ap::make<ap::of<N, S>>(n >= (unsigned long)N ? ap::raw<N, S>(0) : ap::raw<N, S>(a.v << n));
}
template <int N, bool S, class B, std::enable_if_t<ap::operand<B>::is, int> = 0>
AP_INLINE ap::of<N, S> operator>>(const ap_int_base<N, S>& a, const B& distance) {
    const auto n = (unsigned long)(ap::operand<B>::get(distance));
    return ap::make<ap::of<N, S>>(n >= (unsigned long)N ? (S && a.v < 0 ? ap::raw<N, S>(-1) : ap::raw<N, S>(0))
                                                        : ap::raw<N, S>(a.v >> n));
}
template <int N, bool S, class B, std::enable_if_t<ap::operand<B>::is, int> = 0>
AP_INLINE ap_int_base<N, S>& operator<<=(ap_int_base<N, S>& a, const B& b) {
    a.v = (a << b).v;
    return a;
}
template <int N, bool S, class B, std::enable_if_t<ap::operand<B>::is, int> = 0>
AP_INLINE ap_int_base<N, S>& operator>>=(ap_int_base<N, S>& a, const B& b) {
    a.v = (a >> b).v;
    return a;
}

// Runs processes as plain C++: NAME.in holds "STREAM HEX" lines, NAME.native gets what comes out.
#pragma once

#include <fstream>
#include <string>
#include <tuple>

#include "hls_stream.h"

namespace native {

template <class T>
hls::packing::bits<T> parse(const std::string& hex) {
    hls::packing::bits<T> b = 0;
    for (const char c : hex) {
        b = hls::packing::bits<T>((b << (hls::packing::width<T>() > 4 ? 4 : 0)) |
                                  hls::packing::bits<T>(c <= '9' ? c - '0' : c - 'a' + 10));
    }
    return b;
}

template <class T>
std::string print(hls::packing::bits<T> b) {
    constexpr int digits = (hls::packing::width<T>() + 3) / 4;
    std::string s(digits, '0');
    for (int i = 0; i < digits; ++i) {
        const int at = 4 * (digits - 1 - i);
        s[i] = "0123456789abcdef"[unsigned(b >> at) & 15];
    }
    return s;
}

// `inputs` has a bit for each stream that the process reads.
template <class... T>
void run(void (*process)(hls::stream<T>&...), const std::string& name, unsigned inputs, long calls) {
    std::tuple<hls::stream<T>...> streams;
    const auto each = [&](auto f) {
        std::apply(
            [&](auto&... s) {
                int k = 0;
                (f(k++, s), ...);
            },
            streams);
    };
    std::ifstream in(name + ".in");
    int stream = 0;
    std::string hex;
    while (in >> stream >> hex) {
        each([&]<class W>(int k, hls::stream<W>& s) {
            if (k == stream) s.write(hls::packing::unpack<W>(parse<W>(hex)));
        });
    }
    for (long i = 0; i < calls; ++i) std::apply(process, streams);
    std::ofstream out(name + ".native");
    each([&]<class W>(int k, hls::stream<W>& s) {
        if (inputs >> k & 1) return;
        while (!s.empty()) out << k << " " << print<W>(hls::packing::pack(s.read())) << "\n";
    });
}

}  // namespace native

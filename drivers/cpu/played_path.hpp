// The speech of one path on its way through a jitter buffer: packets come when they come, are decoded in the
// order of their time, gaps are concealed or filled with noise, and what goes out is cut into packets of one
// length. hls/jitter decides what is played when.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "drivers/cpu/concealment.hpp"
#include "drivers/cpu/speech_codec.hpp"
#include "hls/codec/noise.hpp"
#include "hls/jitter/playout.hpp"
#include "hls/jitter/slots.hpp"
#include "host/media/engine.hpp"

namespace causeway::cpu {

class PlayedPath {
  public:
    // A packet that goes out. Timestamps are in units of its coding's RTP clock and begin anywhere.
    struct Out {
        std::uint8_t payload_type = 0;
        bool marker = false;  // speech begins
        std::uint32_t timestamp = 0;
        std::uint32_t clock_rate = 8000;
        Bytes payload;
    };

    // `config` has a playout and transcodings, and stays.
    explicit PlayedPath(const media::PathConfig& config);

    bool takes(std::uint8_t payload_type) const;
    // Verdict ok: it waits for its turn.
    media::Verdict arrived(Time now, const rtp::Packet& packet);
    // When advance() has something to do; nothing before the first packet. In steps of 5 ms, so that the
    // paths of many calls fall due together.
    std::optional<Time> due() const;
    void advance(Time now, std::vector<Out>& out);

    // Where a packet belongs that does not go through the buffer (a telephone event): what it came with, and
    // its timestamp among those that go out. Those that repeat a timestamp have the same place.
    std::uint32_t place(std::uint32_t timestamp);
    std::uint32_t clock_rate() const { return out_clock_; }

    media::PathCounters counters() const;

  private:
    // One coding coming in.
    struct Coding {
        media::Transcoding transcoding;
        std::uint8_t payload_type_out;
        std::uint32_t clock_in, clock_out;  // RTP
    };
    const Coding* find(std::uint8_t payload_type) const;
    void play(std::uint32_t timestamp, std::int32_t units, std::vector<Out>& out);
    void describe_noise(ByteView payload);
    void follow(const Coding& coding, std::vector<Out>& out);
    enum class Heard : std::uint8_t { nothing, speech, lost };  // the last where it meets another
    void add(Heard what, std::int32_t units, std::vector<Out>& out);
    void hear(Heard what, std::vector<Out>& out);
    void cut(std::vector<Out>& out);
    std::int64_t samples(Time at) const;
    Duration lasting(std::uint64_t units) const;

    // 60 ms of anything but linear samples, or of those.
    using Short = hls::JitterSlots<16, 480>;
    using Long = hls::JitterSlots<16, 1920>;

    const media::Playout playout_;
    std::vector<Coding> codings_;
    std::uint32_t clock_;  // of the timestamps that come in
    hls::Playout<16> schedule_;
    std::variant<Short, Long> slots_;
    bool started_ = false;

    const Coding* coding_ = nullptr;  // being decoded
    SpeechDecoder decoder_;
    Concealment concealment_;
    Resampler resampler_;
    SpeechEncoder encoder_;
    std::size_t block_ = 80, packet_ = 160;  // samples: of what is decoded, and of what is sent
    Samples decoded_;                        // less than a block
    Heard block_is_ = Heard::nothing;
    Samples pending_;                  // to be sent
    std::size_t spoken_ = 0;           // of pending_: after them nothing was heard
    std::optional<hls::Noise> noise_;  // what their silence is like, to be made here,
    std::optional<Bytes> noise_out_;   // or to be said to who receives
    std::uint32_t out_clock_;
    std::uint32_t position_ = 0;  // of the first of pending_, in units of out_clock_
    bool begins_ = true;          // what is sent next begins a talkspurt
    struct Event {
        std::uint32_t in, out;
    };
    std::optional<Event> event_;
    std::uint64_t played_ = 0, concealed_ = 0, silent_ = 0;  // units of clock_
};

}  // namespace causeway::cpu

// Writes the messages of the torture tests as seeds, one file each: fuzz_seeds CORPUS fills CORPUS/sip and
// CORPUS/framer with whole messages, CORPUS/headers, /uri and /sdp with their parts.
#include <filesystem>
#include <fstream>
#include <string>

#include "host/sip/message.hpp"
#include "tests/host/sip/torture_messages.hpp"

using namespace causeway;

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const std::filesystem::path corpus = argv[1];
    const auto write = [&](const char* fuzzer, std::string_view name, std::size_t part,
                           std::string_view text) {
        const auto folder = corpus / fuzzer;
        std::filesystem::create_directories(folder);
        std::ofstream(folder / (std::string(name) + "-" + std::to_string(part)), std::ios::binary) << text;
    };
    for (const auto& one : sip::torture::cases()) {
        write("sip", one.name, 0, one.text);
        write("framer", one.name, 0, one.text);
        const auto message = sip::Message::parse(one.text);
        if (!message) continue;
        write("uri", one.name, 0, message->request_uri());
        write("sdp", one.name, 0, message->body());
        std::size_t part = 0;
        for (const auto& field : message->fields()) write("headers", one.name, part++, field.value);
    }
}

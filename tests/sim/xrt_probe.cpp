// An XRT program as any user of a card writes one: loads an xclbin and runs batches of loopback packets, on
// every compute unit, several in flight. Prints what was wrong; exit status 0 when nothing was.
//
//   xrt_probe XCLBIN [RUNS]
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <vector>

#include "drivers/xrt/batch.hpp"

namespace {

using namespace causeway::card;

constexpr std::uint32_t packets = 16;
constexpr std::uint32_t longest = 256;  // octets
constexpr std::uint32_t completions =
    align(sizeof(BatchHeader) + packets * sizeof(Descriptor)) + packets * longest;
constexpr std::uint32_t output = completions + sizeof(CompletionHeader) + packets * sizeof(Completion);
constexpr std::uint32_t size = output + packets * longest;

int wrong = 0;
void check(bool right, const char* what, std::uint32_t batch, std::uint32_t packet = 0) {
    if (right) return;
    std::cout << "batch " << batch << " packet " << packet << ": " << what << '\n';
    ++wrong;
}

std::uint16_t length_of(std::uint32_t batch, std::uint32_t packet) {
    return static_cast<std::uint16_t>(1 + (batch * 37 + packet * 53) % longest);
}
std::uint8_t octet_of(std::uint32_t batch, std::uint32_t packet, std::uint32_t i) {
    return static_cast<std::uint8_t>(batch * 7 + packet * 31 + i);
}

void fill(std::uint8_t* memory, std::uint32_t batch) {
    BatchHeader header;
    header.epoch = 9;
    header.batch = batch;
    header.count = packets;
    header.completions = completions;
    header.output_begin = output;
    header.size = size;
    std::memset(memory, 0xee, size);
    std::memcpy(memory, &header, sizeof header);
    for (std::uint32_t i = 0; i < packets; ++i) {
        Descriptor descriptor;
        descriptor.cookie = std::uint64_t{batch} << 32 | i;
        descriptor.session = i;
        descriptor.in_offset = sizeof header + packets * sizeof descriptor + i * longest;
        descriptor.out_offset = output + i * longest;
        descriptor.length = length_of(batch, i);
        descriptor.room = longest;
        descriptor.srtp_index = 0x123456789abc + i;
        if (i == 3) descriptor.operation = Operation::tick;
        if (i == 4) descriptor.in_offset += 1;
        if (i == 5) descriptor.room = static_cast<std::uint16_t>(descriptor.length - 1);
        if (i == 6) descriptor.out_offset = completions;
        if (i == 7) descriptor.in_offset = size;
        std::memcpy(memory + (i + 1) * sizeof descriptor, &descriptor, sizeof descriptor);
        for (std::uint32_t k = 0; k < longest; ++k) {
            memory[sizeof header + packets * sizeof descriptor + i * longest + k] = octet_of(batch, i, k);
        }
    }
}

void look(const std::uint8_t* memory, std::uint32_t batch) {
    CompletionHeader header;
    std::memcpy(&header, memory + completions, sizeof header);
    BatchHeader handed;
    std::memcpy(&handed, memory, sizeof handed);
    check(completes(header, handed), "no completion header", batch);
    check(header.cycles > 0, "no cycles", batch);
    for (std::uint32_t i = 0; i < packets; ++i) {
        Completion completion;
        std::memcpy(&completion, memory + completions + (i + 1) * sizeof completion, sizeof completion);
        const Status expected = i == 3                       ? Status::unsupported
                                : i == 4 || i == 6 || i == 7 ? Status::bad_descriptor
                                : i == 5                     ? Status::no_room
                                                             : Status::ok;
        check(completion.status == expected, "another status", batch, i);
        check(completion.cookie == (std::uint64_t{batch} << 32 | i) && completion.session == i, "not its own",
              batch, i);
        check(completion.srtp_index == 0x123456789abcu + i, "another index", batch, i);
        const std::uint32_t length = expected == Status::ok ? length_of(batch, i) : 0;
        check(completion.length == length, "another length", batch, i);
        check((completion.cycles.load > 0) == (length > 0) && completion.cycles.total > 0, "ledger", batch,
              i);
        for (std::uint32_t k = 0; k < longest; ++k) {
            const std::uint8_t octet = k < length ? octet_of(batch, i, k) : 0xee;
            if (memory[output + i * longest + k] == octet) continue;
            check(false, "another octet", batch, i);
            break;
        }
    }
}

// A batch of another interface is answered by the name of the kernel's own, and not run.
void refuse(const xrt::device& device, const xrt::kernel& kernel) {
    xrt::bo buffer(device, size, kernel.group_id(0));
    auto* memory = buffer.map<std::uint8_t*>();
    fill(memory, 0);
    const std::uint32_t other = kernel_build + 1;
    std::memcpy(memory + offsetof(BatchHeader, build), &other, sizeof other);
    buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    xrt::run run(kernel);
    run.set_arg(0, buffer);
    run.start();
    run.wait();
    buffer.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    CompletionHeader header;
    std::memcpy(&header, memory + completions, sizeof header);
    check(header.magic == completion_magic && header.build == kernel_build,
          "another interface is not refused", 0);
    check(memory[completions + sizeof header] == 0xee && memory[output] == 0xee, "another interface is run",
          0);
}

int probe(const char* xclbin, std::uint32_t runs) {
    xrt::device device(0);
    const xrt::uuid uuid = device.load_xclbin(xclbin);
    constexpr std::uint32_t in_flight = 6;
    const xrt::kernel kernel(device, uuid, "media");
    refuse(device, kernel);
    std::vector<xrt::bo> buffers;
    std::vector<xrt::run> started;
    for (std::uint32_t i = 0; i < in_flight; ++i) {
        buffers.emplace_back(device, size, kernel.group_id(0));
        started.emplace_back(kernel);
        started.back().set_arg(0, buffers.back());
        started.back().add_callback(
            ERT_CMD_STATE_COMPLETED, [](const void*, ert_cmd_state, void*) {}, nullptr);
    }
    for (std::uint32_t begun = 0, ended = 0; ended < runs;) {
        if (begun < runs && begun - ended < in_flight) {
            xrt::bo& buffer = buffers[begun % in_flight];
            fill(buffer.map<std::uint8_t*>(), begun);
            buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);
            started[begun++ % in_flight].start();
            continue;
        }
        if (started[ended % in_flight].wait(std::chrono::seconds(20)) != ERT_CMD_STATE_COMPLETED) {
            std::cout << "run " << ended << " did not end\n";
            std::_Exit(2);
        }
        xrt::bo& buffer = buffers[ended % in_flight];
        buffer.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
        look(buffer.map<std::uint8_t*>(), ended++);
    }
    return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc < 2) return 2;
        const int status = probe(argv[1], argc > 2 ? static_cast<std::uint32_t>(std::atoi(argv[2])) : 20);
        std::cout << (status == 0 ? "right" : "wrong") << std::endl;
        return status;
    } catch (const std::exception& error) {
        std::cout << "XRT: " << error.what() << std::endl;
        return 3;
    }
}

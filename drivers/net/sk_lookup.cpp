#include "drivers/net/sk_lookup.hpp"

#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

namespace causeway::net {
namespace {

constexpr int load_attempts = 10;

int bpf(bpf_cmd command, bpf_attr& attributes) {
    return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

// ---- the program (Documentation/bpf/prog_sk_lookup.rst). r1 to r5 are arguments and lost in calls, r0 is
// the result, r6 to r9 stay, r10 is the end of the stack.

bpf_insn instruction(int op, int to, int from, std::size_t offset, std::int32_t immediate) {
    bpf_insn out{};
    out.code = static_cast<std::uint8_t>(op);
    out.dst_reg = to & 15;
    out.src_reg = from & 15;
    out.off = static_cast<std::int16_t>(offset);
    out.imm = immediate;
    return out;
}
bpf_insn move(int to, int from) {
    return instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
bpf_insn set(int to, std::int32_t value) {
    return instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}
bpf_insn add(int to, int from) {
    return instruction(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0);
}
bpf_insn add_value(int to, std::int32_t value) {
    return instruction(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value);
}
bpf_insn mask(int to, std::int32_t value) {
    return instruction(BPF_ALU64 | BPF_AND | BPF_K, to, 0, 0, value);
}
bpf_insn load(int size, int to, int from, std::size_t offset) {
    return instruction(BPF_LDX | BPF_MEM | size, to, from, offset, 0);
}
bpf_insn store_zero(int to, int offset) {
    return instruction(BPF_ST | BPF_MEM | BPF_W, to, 0, static_cast<std::size_t>(offset), 0);
}
bpf_insn call(std::int32_t helper) {
    return instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}
// A map, or the value of its only element; takes the room of two.
bpf_insn load_map(int to, int kind, int fd) {
    return instruction(BPF_LD | BPF_IMM | BPF_DW, to, kind, 0, fd);
}
constexpr bpf_insn second_half{};
// To the label "pass": how far that is, is filled in at the end.
constexpr std::int16_t to_pass = 0x7fff;
bpf_insn pass_unless(int what, std::int32_t value) {
    return instruction(BPF_JMP32 | BPF_JNE | BPF_K, what, 0, to_pass, value);
}
bpf_insn pass_if_zero(int what) {
    return instruction(BPF_JMP | BPF_JEQ | BPF_K, what, 0, to_pass, 0);
}

std::vector<bpf_insn> program(int table, int sockets, const IpAddress& local) {
    using Context = bpf_sk_lookup;
    std::vector<bpf_insn> out{
        // Only UDP of our family ...
        move(6, 1),
        load(BPF_W, 2, 6, offsetof(Context, protocol)),
        pass_unless(2, IPPROTO_UDP),
        load(BPF_W, 2, 6, offsetof(Context, family)),
        pass_unless(2, local.is_v6() ? AF_INET6 : AF_INET),
    };
    // ... to our address, which stands in network order, as in IpAddress ...
    const std::size_t words = local.is_unspecified() ? 0 : local.is_v6() ? 4 : 1;
    const std::size_t at = local.is_v6() ? offsetof(Context, local_ip6) : offsetof(Context, local_ip4);
    for (std::size_t i = 0; i < words; ++i) {
        std::int32_t word = 0;
        std::memcpy(&word, local.data() + 4 * i, sizeof word);
        out.push_back(load(BPF_W, 2, 6, at + 4 * i));
        out.push_back(pass_unless(2, word));
    }
    const std::initializer_list<bpf_insn> rest{
        // ... and to a port that is open ...
        load(BPF_W, 2, 6, offsetof(Context, local_port)),  // in host order
        mask(2, 0xffff),                                   // for the verifier
        load_map(1, BPF_PSEUDO_MAP_VALUE, table),
        second_half,
        add(1, 2),
        load(BPF_B, 2, 1, 0),
        pass_if_zero(2),
        // ... go to our socket, if it is still there.
        store_zero(10, -4),  // its key
        load_map(1, BPF_PSEUDO_MAP_FD, sockets),
        second_half,
        move(2, 10),
        add_value(2, -4),
        call(BPF_FUNC_map_lookup_elem),
        pass_if_zero(0),
        move(7, 0),
        move(1, 6),
        move(2, 7),
        set(3, 0),
        call(BPF_FUNC_sk_assign),
        move(1, 7),
        call(BPF_FUNC_sk_release),
        // pass:
        set(0, SK_PASS),
        instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    out.insert(out.end(), rest.begin(), rest.end());
    const std::size_t pass = out.size() - 2;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i].off == to_pass) out[i].off = static_cast<std::int16_t>(pass - i - 1);
    }
    return out;
}

// ---- what it uses

Descriptor make_map(bpf_map_type type, std::uint32_t value_size, std::uint32_t flags, const char* name) {
    bpf_attr attributes{};
    attributes.map_type = type;
    attributes.key_size = sizeof(std::uint32_t);
    attributes.value_size = value_size;
    attributes.max_entries = 1;
    attributes.map_flags = flags;
    std::strncpy(attributes.map_name, name, sizeof attributes.map_name - 1);
    return Descriptor(bpf(BPF_MAP_CREATE, attributes));
}

}  // namespace

PortTable::~PortTable() {
    if (at_ != nullptr) ::munmap(at_, size);
}

Result<SkLookup> SkLookup::attach(int socket, const IpAddress& local) {
    const Descriptor table_map = make_map(BPF_MAP_TYPE_ARRAY, PortTable::size, BPF_F_MMAPABLE, "media_ports");
    if (table_map.get() < 0) return system_failure("BPF table of ports", errno);
    void* memory = ::mmap(nullptr, PortTable::size, PROT_READ | PROT_WRITE, MAP_SHARED, table_map.get(), 0);
    if (memory == MAP_FAILED) return system_failure("memory of the BPF table of ports", errno);
    PortTable table(memory);

    const Descriptor sockets = make_map(BPF_MAP_TYPE_SOCKMAP, sizeof(std::uint64_t), 0, "media_socket");
    if (sockets.get() < 0) return system_failure("BPF map of sockets", errno);
    const std::uint32_t key = 0;
    const auto value = static_cast<std::uint64_t>(socket);
    bpf_attr element{};
    element.map_fd = static_cast<std::uint32_t>(sockets.get());
    element.key = reinterpret_cast<std::uint64_t>(&key);
    element.value = reinterpret_cast<std::uint64_t>(&value);
    if (bpf(BPF_MAP_UPDATE_ELEM, element) != 0) return system_failure("socket into its BPF map", errno);

    const auto instructions = program(table_map.get(), sockets.get(), local);
    bpf_attr load{};
    load.prog_type = BPF_PROG_TYPE_SK_LOOKUP;
    load.expected_attach_type = BPF_SK_LOOKUP;
    load.insns = reinterpret_cast<std::uint64_t>(instructions.data());
    load.insn_cnt = static_cast<std::uint32_t>(instructions.size());
    load.license = reinterpret_cast<std::uint64_t>("Apache-2.0");
    std::strncpy(load.prog_name, "causeway_media", sizeof load.prog_name - 1);
    // The verifier gives up with EAGAIN when a signal is pending, which the notices of io_uring are too.
    int program_fd = -1;
    for (int attempt = 0; attempt < load_attempts; ++attempt) {
        program_fd = bpf(BPF_PROG_LOAD, load);
        if (program_fd >= 0 || errno != EAGAIN) break;
    }
    const Descriptor loaded(program_fd);
    if (loaded.get() < 0) return system_failure("loading the BPF program", errno);

    const Descriptor network(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (network.get() < 0) return system_failure("our network namespace", errno);
    bpf_attr attach{};
    attach.link_create.prog_fd = static_cast<std::uint32_t>(loaded.get());
    attach.link_create.target_fd = static_cast<std::uint32_t>(network.get());
    attach.link_create.attach_type = BPF_SK_LOOKUP;
    Descriptor link(bpf(BPF_LINK_CREATE, attach));
    if (link.get() < 0) return system_failure("attaching the BPF program", errno);
    return SkLookup(std::move(table), std::move(link));
}

}  // namespace causeway::net

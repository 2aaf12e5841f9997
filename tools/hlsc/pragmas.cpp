#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <regex>

#include "tools/hlsc/diagnostics.hpp"
#include "tools/hlsc/front.hpp"

namespace causeway::hlsc {
namespace {

std::string lower(std::string s) {
    std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return std::tolower(c); });
    return s;
}

Pragma parse(const std::string& file, unsigned line, const std::string& text) {
    Pragma p{file, line, "", {}};
    std::string rest = std::regex_replace(text, std::regex("\\s*=\\s*"), "=");
    static const std::regex word("[^\\s=]+(=[^\\s]+)?");
    for (std::sregex_iterator i(rest.begin(), rest.end(), word), end; i != end; ++i) {
        const std::string w = i->str();
        const auto equals = w.find('=');
        if (p.name.empty()) {
            p.name = w;
            std::transform(p.name.begin(), p.name.end(), p.name.begin(),
                           [](unsigned char c) { return std::toupper(c); });
        } else if (equals == std::string::npos) {
            p.values[lower(w)] = "";
        } else {
            p.values[lower(w.substr(0, equals))] = w.substr(equals + 1);
        }
    }
    return p;
}

// The pragmas between the braces of the function whose head is on line `first`.
std::vector<Pragma> inside(const std::string& file, unsigned first) {
    std::vector<Pragma> found;
    const auto buffer = llvm::MemoryBuffer::getFile(file);
    if (!buffer) return found;
    static const std::regex pragma("^\\s*#\\s*pragma\\s+HLS\\s+(.*)$", std::regex::icase);
    llvm::SmallVector<llvm::StringRef> lines;
    (*buffer)->getBuffer().split(lines, '\n');
    int depth = 0;
    bool entered = false;
    for (unsigned n = first; n >= 1 && n <= lines.size(); ++n) {
        const std::string text = lines[n - 1].split("//").first.rtrim().str();
        std::smatch m;
        if (std::regex_match(text, m, pragma)) {
            found.push_back(parse(file, n, m[1].str()));
            continue;
        }
        for (const char c : text) {
            if (c == '{') ++depth, entered = true;
            if (c == '}') --depth;
        }
        if (entered && depth <= 0) break;
    }
    return found;
}

unsigned number(const Pragma& p, const std::string& key, unsigned least) {
    const auto i = p.values.find(key);
    unsigned n = 0;
    if (i == p.values.end() || llvm::StringRef(i->second).getAsInteger(10, n) || n < least || n > 65536) {
        refuse(p.place(), "#pragma HLS " + p.name + " needs " + key + "=N with N a number from " +
                              std::to_string(least) + " on");
    }
    return n;
}

std::string variable(const Pragma& p) {
    const auto i = p.values.find("variable");
    if (i == p.values.end()) refuse(p.place(), "#pragma HLS " + p.name + " needs variable=NAME");
    return i->second;
}

}  // namespace

Pragmas::Pragmas(const llvm::Function& function) {
    const auto* sub = function.getSubprogram();
    if (!sub) return;
    std::string file = sub->getFilename().str();
    if (!file.empty() && file[0] != '/') file = sub->getDirectory().str() + "/" + file;
    for (auto p : inside(file, sub->getLine())) {
        p.file = sub->getFilename().str();
        take(p);
    }
}

void Pragmas::take(const Pragma& p) {
    const auto has = [&](const char* key) { return p.values.count(key) != 0; };
    if (p.name == "PIPELINE") {
        is_pipeline = true;
        interval = has("ii") ? number(p, "ii", 1) : 1;
        if (interval > 256) refuse(p.place(), "an interval above 256 cycles");
    } else if (p.name == "DATAFLOW") {
        is_dataflow = true;
    } else if (p.name == "ARRAY_PARTITION") {
        const auto type = p.values.find("type");
        if (!has("complete") && (type == p.values.end() || lower(type->second) != "complete")) {
            refuse(p.place(),
                   "only ARRAY_PARTITION ... complete is known: an array is either registers or a RAM");
        }
        partitioned.emplace(variable(p), p);
    } else if (p.name == "BIND_STORAGE") {
        in_memory.emplace(variable(p), p);
    } else if (p.name == "DEPENDENCE") {
        const auto type = p.values.find("type");
        if (!has("inter") && (type == p.values.end() || lower(type->second) != "inter")) {
            refuse(p.place(), "only DEPENDENCE variable=NAME inter distance=N true is known");
        }
        distance[variable(p)] = number(p, "distance", 1);
    } else if (p.name == "STREAM") {
        depth[variable(p)] = number(p, "depth", 1);
    } else if (p.name != "INLINE" && p.name != "UNROLL" && p.name != "INTERFACE") {
        refuse(p.place(),
               "#pragma HLS " + p.name +
                   " is not known. Known are PIPELINE, DATAFLOW, ARRAY_PARTITION complete, BIND_STORAGE, "
                   "DEPENDENCE, STREAM; INLINE, UNROLL and INTERFACE say what is done anyway");
    }
}

}  // namespace causeway::hlsc

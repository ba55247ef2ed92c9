#include "services/net/testing/script.h"

#include <cctype>
#include <cmath>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "services/net/byte_order.h"
#include "services/net/testing/frames.h"

namespace toro::net {
namespace {

constexpr uint32_t kPeerIsn = 0xffffff00;        // the peer's numbers go around early
constexpr uint64_t kToleranceNs = 1 * kNsPerMs;  // ticks of the timer wheel, added up

uint8_t PatternAt(uint32_t relative) { return static_cast<uint8_t>(relative * 7 + (relative >> 8)); }

// A segment as a line describes it, its numbers relative to the initial ones.
struct Line {
  uint8_t flags = 0;
  uint32_t sequence = 0;
  uint32_t length = 0;
  bool has_ack = false;
  uint32_t ack = 0;
  bool has_window = false;
  uint16_t window = 65535;
  bool has_options = false;
  std::vector<std::string> options;
};

class Player {
 public:
  std::string Run(const std::string& text) {
    std::string problem = PlayAll(text);
    End();
    return problem;
  }

 private:
  std::string PlayAll(const std::string& text) {
    std::istringstream lines(text);
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      std::string words = line.substr(0, line.find('#'));
      if (words.find_first_not_of(" \t") == std::string::npos) continue;
      Play(words);
      if (!failure_.empty()) return "line " + std::to_string(number) + " (" + line + "): " + failure_;
    }
    Begin();
    Settle();
    Frame frame = NextTcp();
    if (!frame.empty()) return "at the end: the host also sends " + Describe(frame);
    return "";
  }

  // ---- the host ----

  void Begin() {
    if (host_ != nullptr) return;
    host_ = std::make_unique<TestHost>(environment_, options_);
    Introduce(*host_);
  }
  void End() {
    if (host_ == nullptr) return;
    host_->stack().icmp().SetEchoHandler(nullptr, nullptr);
    if (connection_ != nullptr) connection_->Abort();
    listener_.Close();
  }
  void Settle() {
    while (host_->stack().Poll()) continue;
    while (true) {
      Frame frame = host_->Sent();
      if (frame.empty()) return;
      TcpFields fields;
      if (ParseTcp(frame, fields)) {
        sent_.emplace_back(environment_.now_ns, std::move(frame));
        continue;
      }
      // Asked once more whether we are still there.
      if (frame == ArpFrame(1, kHostMac, kHost, kPeer)) host_->Receive(ArpFrame(2, kPeerMac, kPeer, kHost, kHostMac));
    }
  }
  // Goes to `until_ns`, and lets the timers on the way fire at their times.
  void AdvanceTo(uint64_t until_ns) {
    Settle();
    while (environment_.now_ns < until_ns) {
      environment_.now_ns = std::clamp(host_->stack().NextNs(), environment_.now_ns, until_ns);
      Settle();
    }
  }
  Frame NextTcp() {
    if (sent_.empty()) return {};
    Frame frame = std::move(sent_.front().second);
    sent_ns_ = sent_.front().first;
    sent_.pop_front();
    return frame;
  }

  // ---- lines ----

  void Play(const std::string& line) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word[0] != '+') return Command(word, words);
    Begin();
    double seconds = std::strtod(word.c_str() + 1, nullptr);
    auto at_ns = last_ns_ + static_cast<uint64_t>(std::llround(seconds * 1e9));
    std::string direction;
    words >> direction;
    std::string rest;
    std::getline(words, rest);
    if (direction == "<") {
      AdvanceTo(at_ns);
      Inject(rest);
      Settle();
    } else if (direction == ">") {
      AdvanceTo(at_ns);
      if (sent_.empty()) AdvanceTo(at_ns + kToleranceNs);
      Expect(rest, at_ns);
    } else {
      AdvanceTo(at_ns);
      std::istringstream command(direction + rest);
      command >> word;
      Command(word, command);
    }
    last_ns_ = at_ns;
  }

  void Command(const std::string& word, std::istringstream& words) {
    std::string name;
    uint64_t number = 0;
    auto take = [&] { return static_cast<bool>(words >> number); };
    auto take_name = [&] { return static_cast<bool>(words >> name); };
    if (word == "receive_buffer" && take()) return void(options_.limits.receive_buffer_bytes = number);
    if (word == "send_buffer" && take()) return void(options_.limits.send_buffer_bytes = number);
    if (word == "half_open" && take()) return void(options_.limits.half_open = number);
    if (word == "connections" && take()) return void(options_.limits.connections = number);
    if (word == "mtu" && take()) return void(options_.mtu = static_cast<uint16_t>(number));
    if (word == "offload") return void(options_.fills_checksums = true);
    Begin();
    TcpLayer& tcp = host_->stack().tcp();
    if (word == "listen") return Check(listener_.Listen(tcp, 80, take() ? number : 8) == Status::kOk, "cannot listen");
    if (word == "unlisten") return listener_.Close();
    if (word == "connect") {
      Result<TcpConnection*> result = tcp.Connect({kPeer, 5000});
      Check(result.ok(), "cannot connect");
      if (result.ok()) connection_ = result.value();
      return Settle();
    }
    if (word == "peer_port" && take()) return void(peer_port_ = static_cast<uint16_t>(number));
    if (word == "accept") {
      connection_ = listener_.Accept();
      return Check(connection_ != nullptr, "there is nothing to accept");
    }
    if (word == "nothing") {
      Settle();
      Frame frame = NextTcp();
      return Check(frame.empty(), "the host sends " + (frame.empty() ? "" : Describe(frame)));
    }
    if (word == "connections_are" && take())
      return Check(tcp.connections() == number, "are " + std::to_string(tcp.connections()));
    if (connection_ == nullptr) return Check(false, "unknown, or no connection");
    if (word == "write" && take()) return Write(number);
    if (word == "read" && take()) return Read(number);
    if (word == "readable" && take())
      return Check(connection_->Readable() == number, "are " + std::to_string(connection_->Readable()));
    if (word == "finish")
      connection_->Finish();
    else if (word == "release")
      std::exchange(connection_, nullptr)->Release();
    else if (word == "abort")
      std::exchange(connection_, nullptr)->Abort();
    else if (word == "nodelay")
      connection_->SetNoDelay(true);
    else if (word == "keepalive" && take())
      connection_->SetKeepAlive(number * kNsPerSecond);
    else if (word == "state" && take_name())
      return Check(name == TcpStateName(connection_->state()),
                   std::string("is in ") + TcpStateName(connection_->state()));
    else if (word == "end")
      return Check(connection_->AtEnd(), "is not at its end");
    else if (word == "error") {
      std::getline(words, name);
      return Check(name == std::string(" ") + StatusText(connection_->error()),
                   std::string("is: ") + StatusText(connection_->error()));
    } else
      return Check(false, "unknown");
    Settle();
  }

  void Write(uint64_t bytes) {
    Frame data(bytes);
    for (uint8_t& byte : data) byte = PatternAt(written_++);
    size_t taken = connection_->Write(data);
    Check(taken == bytes, "only " + std::to_string(taken) + " were taken");
    Settle();
  }
  void Read(uint64_t bytes) {
    Frame data(bytes);
    size_t taken = connection_->Read(data);
    if (taken != bytes) return Check(false, "only " + std::to_string(taken) + " are there");
    for (uint8_t byte : data) {
      if (byte != PatternAt(read_++))
        return Check(false, "byte " + std::to_string(read_ - 1) + " is not the first one sent");
    }
    Settle();
  }

  // FLAGS SEQUENCE, or FLAGS SEQUENCE:END(LENGTH), then perhaps `ack N`, `win N`, `<OPTIONS>`.
  bool Parse(const std::string& text, Line& line) {
    std::istringstream words(text.substr(0, text.find('<')));
    std::string flags, word;
    if (!(words >> flags)) return false;
    for (char letter : flags) {
      size_t bit = std::string("FSRP.U").find(letter);
      if (letter != '-' && bit == std::string::npos) return false;
      if (letter != '-') line.flags |= static_cast<uint8_t>(1 << bit);
    }
    if (!(words >> word)) return false;
    line.sequence = static_cast<uint32_t>(std::strtoll(word.c_str(), nullptr, 10));
    if (size_t open = word.find('('); open != std::string::npos) {
      line.length = static_cast<uint32_t>(std::strtoul(word.c_str() + open + 1, nullptr, 10));
    }
    while (words >> word) {
      int64_t number;
      if (!(words >> number)) return false;
      if (word == "ack")
        line.has_ack = true, line.ack = static_cast<uint32_t>(number);
      else if (word == "win")
        line.has_window = true, line.window = static_cast<uint16_t>(number);
      else
        return false;
    }
    if (size_t open = text.find('<'); open != std::string::npos) {
      line.has_options = true;
      std::istringstream options(text.substr(open + 1, text.find('>') - open - 1));
      for (std::string option; std::getline(options, option, ',');) {
        line.options.push_back(option.substr(option.find_first_not_of(' ')));
      }
    }
    return true;
  }

  void Inject(const std::string& text) {
    if (text.find("icmp") != std::string::npos) return InjectIcmp(text);
    Line line;
    if (!Parse(text, line)) return Check(false, "cannot be read");
    TcpFields fields;
    fields.from = peer_port_;
    fields.to = connection_ != nullptr ? connection_->local().port : 80;
    fields.flags = line.flags;
    fields.sequence = kPeerIsn + line.sequence;
    fields.acknowledgment = line.has_ack ? host_isn_ + line.ack : 0;
    fields.window = line.window;
    for (uint32_t i = 0; i < line.length; ++i) {
      uint32_t offset = line.sequence + i - ((line.flags & kSyn) != 0 ? 0 : 1);
      fields.payload.push_back(PatternAt(offset));
    }
    for (const std::string& option : line.options) AddOption(option, fields);
    while (fields.options.size() % 4 != 0) fields.options.push_back(1);
    host_->Receive(TcpFrame(fields));
  }

  void InjectIcmp(const std::string& text) {
    std::istringstream words(text);
    std::string icmp, what;
    uint32_t mtu = 0, sequence = 0;
    words >> icmp >> what;
    uint8_t code = what == "port" ? 3 : what == "host" ? 1 : 4;
    if (code == 4) words >> mtu;
    words >> sequence;
    Ipv4Fields ours;
    ours.source = kHost;
    ours.destination = kPeer;
    ours.protocol = kProtocolTcp;
    Frame quoted = Behind(Ipv4Frame(ours, Frame(8)), kEthernetHeaderBytes);
    Store16(quoted.data() + 20, connection_ != nullptr ? connection_->local().port : 80);
    Store16(quoted.data() + 22, 5000);
    Store32(quoted.data() + 24, host_isn_ + sequence);
    Ipv4Fields theirs;
    theirs.protocol = kProtocolIcmp;
    host_->Receive(Ipv4Frame(theirs, IcmpMessage(3, code, mtu, quoted)));
  }

  void AddOption(const std::string& text, TcpFields& fields) {
    std::istringstream words(text);
    std::string name;
    words >> name;
    Frame& to = fields.options;
    auto word32 = [&](uint32_t value) {
      for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<uint8_t>(value >> shift));
    };
    uint32_t number = 0, other = 0;
    if (name == "mss" && words >> number) {
      to.insert(to.end(), {2, 4, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)});
    } else if (name == "ws" && words >> number) {
      to.insert(to.end(), {3, 3, static_cast<uint8_t>(number)});
    } else if (name == "sackok") {
      to.insert(to.end(), {4, 2});
    } else if (name == "ts" && words >> number) {
      std::string echo;
      words >> echo;
      to.insert(to.end(), {8, 10});
      word32(number);
      word32(echo == "last" ? host_timestamp_ : static_cast<uint32_t>(std::strtoul(echo.c_str(), nullptr, 10)));
    } else if (name == "sack") {
      size_t at = to.size();
      to.insert(to.end(), {5, 2});
      for (char colon; words >> number >> colon >> other;) {
        word32(host_isn_ + number);
        word32(host_isn_ + other);
        to[at + 1] += 8;
      }
    } else if (name == "nop") {
      to.push_back(1);
    } else if (name == "raw") {
      for (std::string hex; words >> hex;) to.push_back(static_cast<uint8_t>(std::strtoul(hex.c_str(), nullptr, 16)));
    } else {
      Check(false, "no such option: " + name);
    }
  }

  // ---- what the host says ----

  void Expect(const std::string& text, uint64_t at_ns) {
    Line line;
    if (!Parse(text, line)) return Check(false, "cannot be read");
    Frame frame = NextTcp();
    if (frame.empty()) return Check(false, "the host sends nothing");
    TcpFields fields;
    ParseTcp(frame, fields);
    if ((fields.flags & kSyn) != 0) host_isn_ = fields.sequence;
    std::string said = Describe(frame);
    bool is_reset = (fields.flags & kRst) != 0 && (fields.flags & kAck) != 0 && fields.sequence == 0;
    uint32_t sequence = is_reset ? 0 : fields.sequence - host_isn_;
    bool is_right = fields.flags == line.flags && sequence == line.sequence && fields.payload.size() == line.length &&
                    (!line.has_ack || fields.acknowledgment - kPeerIsn == line.ack) &&
                    (!line.has_window || fields.window == line.window) &&
                    (!line.has_options || OptionsOf(fields) == Joined(line.options));
    if (!is_right) return Check(false, "the host sends " + said);
    for (uint32_t i = 0; i < line.length; ++i) {
      if (fields.payload[i] != PatternAt(line.sequence - 1 + i)) return Check(false, "a byte is wrong");
    }
    uint64_t early_ns = at_ns > sent_ns_ ? at_ns - sent_ns_ : 0;
    if (early_ns > kToleranceNs) Check(false, "the host sent it " + std::to_string(early_ns / kNsPerUs) + " us before");
  }

  std::string Joined(const std::vector<std::string>& options) {
    std::string all;
    for (const std::string& option : options) all += (all.empty() ? "" : ", ") + option;
    return all;
  }

  // In the order of the segment; of timestamps the echo alone, since the host's clock has a secret offset.
  std::string OptionsOf(const TcpFields& fields) {
    TcpOptions options;
    options.Parse(fields.options.data(), fields.options.size());
    std::vector<std::string> all;
    if (options.mss != 0) all.push_back("mss " + std::to_string(options.mss));
    if (options.has_window_shift) all.push_back("ws " + std::to_string(options.window_shift));
    if (options.sack_permitted) all.push_back("sackok");
    if (options.has_timestamp) {
      host_timestamp_ = options.timestamp;
      all.push_back("ts " + std::to_string(options.timestamp_echo));
    }
    if (options.sack_blocks > 0) {
      std::string blocks = "sack";
      for (size_t i = 0; i < options.sack_blocks; ++i) {
        blocks += " " + std::to_string(options.sack[i].begin - kPeerIsn) + ":" +
                  std::to_string(options.sack[i].end - kPeerIsn);
      }
      all.push_back(blocks);
    }
    return Joined(all);
  }

  std::string Describe(const Frame& frame) {
    TcpFields fields;
    if (!ParseTcp(frame, fields)) return "no TCP";
    std::string flags;
    for (int bit : {1, 0, 2, 3, 5, 4}) {
      if ((fields.flags >> bit & 1) != 0) flags += "FSRP.U"[bit];
    }
    auto relative = static_cast<int32_t>(fields.sequence - host_isn_);
    std::string text = flags + " " + std::to_string(relative);
    if (!fields.payload.empty())
      text += ":" + std::to_string(relative + static_cast<int32_t>(fields.payload.size())) + "(" +
              std::to_string(fields.payload.size()) + ")";
    text += " ack " + std::to_string(fields.acknowledgment - kPeerIsn) + " win " + std::to_string(fields.window);
    std::string options = OptionsOf(fields);
    return options.empty() ? text : text + " <" + options + ">";
  }

  void Check(bool is_right, const std::string& problem) {
    if (!is_right && failure_.empty()) failure_ = problem;
  }

  TestEnvironment environment_{1};
  TestHost::Options options_;
  std::unique_ptr<TestHost> host_;
  TcpListener listener_;
  TcpConnection* connection_ = nullptr;
  std::deque<std::pair<uint64_t, Frame>> sent_;
  uint64_t sent_ns_ = 0;
  uint64_t last_ns_ = 1 * kNsPerSecond;
  uint32_t host_isn_ = 0;
  uint32_t host_timestamp_ = 0;
  uint16_t peer_port_ = 5000;
  uint32_t written_ = 0;
  uint32_t read_ = 0;
  std::string failure_;
};

}  // namespace

std::string RunScript(const std::string& text) { return Player().Run(text); }

}  // namespace toro::net

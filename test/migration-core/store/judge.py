"""A second reader of the engagement file: chunks decoded and roll-ups computed from the documents alone.

    judge.py FILE    one JSON object: for each series its times and values, and its figures by Python's statistics
"""

import json, math, sqlite3, statistics, struct, subprocess, sys, zlib


def unpack(packed, head):
    if not packed:
        return head
    return subprocess.run(["zstd", "-dcq"], input=head, stdout=subprocess.PIPE, check=True).stdout


class Bits:
    def __init__(self, data):
        self.number, self.at = int.from_bytes(data, "little"), 0

    def take(self, count):
        value = (self.number >> self.at) & ((1 << count) - 1)
        self.at += count
        return value


def column(head, data, count):
    bits, at = Bits(data), 1
    flags = head[0]
    missing = set()
    if flags & 2:
        size = (count + 7) // 8
        missing = {i for i in range(count) if head[at + i // 8] >> (i % 8) & 1}
        at += size
    present = count - len(missing)
    if flags & 1:
        decimals, shift, at = head[at], head[at + 1], at + 2
        predictor = flags >> 4 & 3

        def numbers(kept, unsigned):
            nonlocal at
            for i in range(kept):
                length, at = head[at], at + 1
                number = 0 if length == 0 else (1 << (length - 1)) | bits.take(length - 1)
                yield number if unsigned else (number >> 1) ^ -(number & 1)

        kept = min(present, predictor) if flags & 8 else present
        residuals = list(numbers(kept, flags & 64)) + [0] * (present - kept)
        for _ in range(predictor):
            total, sums = 0, []
            for residual in residuals:
                total += residual
                sums.append(total)
            residuals = sums
        values = [number * 2**shift / 10**decimals for number in residuals]
        if flags & 4:
            for i, units in enumerate(list(numbers(present, False))):
                (whole,) = struct.unpack("<q", struct.pack("<d", values[i]))
                values[i] = struct.unpack("<d", struct.pack("<q", whole + units))[0]
    else:
        top, next_ = head[at : at + present], head[at + present : at + 2 * present]
        values = []
        for i in range(present):
            low = bytes(bits.take(8) for _ in range(6))
            values.append(struct.unpack("<d", low + bytes([next_[i], top[i]]))[0])
    rest = iter(values)
    return [None if i in missing else next(rest) for i in range(count)]


def chunk(blob, count):
    (seal,) = struct.unpack_from("<I", blob)
    assert zlib.crc32(blob[4:]) == seal
    kind, a, b, c = struct.unpack_from("<BHHH", blob, 4)
    parts, at = [], 11
    for size in (a, b, c, len(blob) - 11 - a - b - c):
        parts.append(blob[at : at + size])
        at += size
    times = column(unpack(kind & 1, parts[0]), parts[1], count)
    return times, column(unpack(kind & 2, parts[2]), parts[3], count)


def rank(ordered, percent):
    return ordered[max(1, math.ceil(percent * len(ordered) / 100)) - 1]


def figures(times, values):
    """Samples of one minute, on slots of five."""
    slots = {}
    for time, value in zip(times, values):
        if value is not None:
            slots.setdefault(math.ceil(time / 300_000), []).append(value)
    means = {number: statistics.fmean(members) for number, members in slots.items()}
    ordered = sorted(means.values())
    week = {}
    for number, mean in means.items():
        week.setdefault(((number - 1) * 300 // 3600 + 72 + 1) % 168, []).append(mean)
    return {
        "slots": len(ordered),
        "coverage": len(ordered) / (max(slots) - min(slots) + 1),
        "mean": statistics.fmean(ordered),
        "minimum": ordered[0],
        "maximum": max(max(members) for members in slots.values()),
        **{f"p{percent}": rank(ordered, percent) for percent in (50, 90, 95, 99)},
        "week": [statistics.fmean(week[hour]) if hour in week else None for hour in range(168)],
    }


database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
answer = {}
for series, instance in database.execute("SELECT id, instance FROM series"):
    times, values = [], []
    rows = database.execute("SELECT data, samples FROM chunk WHERE series = ? ORDER BY first", (series,))
    for blob, count in rows.fetchall():
        some, more = chunk(blob, count)
        times += some
        values += more
    answer[instance] = {"times": times, "values": values, "figures": figures(times, values)}
json.dump(answer, sys.stdout)

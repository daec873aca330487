"""Figures of Bitbrains traces from the files themselves, by the words of model/demand.ts and store/rollup/slots.ts alone.

Usage: judge.py FILE...   prints JSON by file name. Standard library only.
"""
import csv, json, math, os, sys

SLOT = 300
SHAPES = [('10-min-peak', 10, max), ('15-min-peak', 15, max), ('15-min-mean', 15, None), ('60-min-peak', 60, max)]


def rounded(x):
    return math.floor(x + 0.5)


def slots(samples):
    """Means by slot: a sample keeps its distance to the one before until it is three quarters of a slot off."""
    found, before = {}, None
    for time, value in samples:
        if value is None:
            continue
        near = rounded(time / SLOT)
        number = near
        if before:
            kept = before[1] + rounded((time - before[0]) / SLOT)
            number = max(kept if abs(time / SLOT - kept) <= 0.75 else near, before[1])
        before = (time, number)
        found.setdefault(number, []).append(value)
    return {number: sum(values) / len(values) for number, values in found.items()}


def bridged(means):
    out = dict(means)
    numbers = sorted(means)
    for a, b in zip(numbers, numbers[1:]):
        missing = b - a - 1
        if 0 < missing <= 2:
            for step in range(1, missing + 1):
                out[a + step] = means[a] + (means[b] - means[a]) * step / (missing + 1)
    return out


def rank(values, permille):
    ascending = sorted(values)
    return ascending[max(1, -(-permille * len(ascending) // 1000)) - 1]


def statistic(values, expected):
    few, fewer = len(values) < 288, len(values) < 1000
    return {
        'mean': sum(values) / len(values),
        'p50': rank(values, 500), 'p90': rank(values, 900), 'p95': rank(values, 1000 if few else 950),
        'p99': rank(values, 1000 if fewer else 990), 'p999': rank(values, 1000 if fewer else 999),
        'slots': len(values), 'coverage': len(values) / expected,
    }


def week(means, minutes, fold, fill):
    buckets = {}
    for number, value in bridged(means).items():
        buckets.setdefault((number - 1) * 5 // minutes, []).append(value)
    slots_of_week = 10080 // minutes
    rows = [[] for _ in range(slots_of_week)]
    for bucket, values in buckets.items():
        value = fold(values) if fold else sum(values) / len(values)
        rows[(bucket + 3 * 1440 // minutes) % slots_of_week].append(value)
    return [fill if not row else sorted(row)[-2] if len(row) >= 4 else max(row) for row in rows]


def growth(means):
    days = {}
    for number, value in means.items():
        days.setdefault((number - 1) // 288, []).append(value)
    points = sorted((day, rank(values, 950)) for day, values in days.items() if len(values) >= 144)
    if len(points) < 14:
        return None
    slopes = sorted((y - b) / (x - a) for i, (a, b) in enumerate(points) for x, y in points[i + 1:])
    level = sorted(p for _, p in points)
    level = level[(len(level) - 1) // 2]
    return slopes[(len(slopes) - 1) // 2] * 30 / level * 100 if level > 0 else None


def judge(path):
    columns = {'cpu': [], 'memory': [], 'read': [], 'write': [], 'in': [], 'out': []}
    last = None
    with open(path, newline='') as lines:
        rows = csv.reader(lines, delimiter=';')
        next(rows)
        for row in rows:
            if len(row) < 11:
                continue
            time = float(row[0])
            time = time / 1000 if time > 1e11 else time
            if time == last:
                continue
            last = time
            figures = [float(cell) for cell in row[1:]]
            on = figures[1] != 0
            columns['cpu'].append((time, min(100, figures[3]) if on else None))
            for name, at in (('memory', 5), ('read', 6), ('write', 7), ('in', 8), ('out', 9)):
                columns[name].append((time, figures[at] * 1024))
    found = {name: slots(samples) for name, samples in columns.items()}
    every = [number for means in found.values() for number in means]
    expected = max(every) - min(every) + 1
    read, write = bridged(found['read']), bridged(found['write'])
    disk = [read.get(n, 0) + write.get(n, 0) for n in sorted(set(found['read']) | set(found['write']))]
    net = [max(found['in'].get(n, 0), found['out'].get(n, 0)) for n in sorted(set(found['in']) | set(found['out']))]
    out = {
        'from': min(every) * SLOT, 'to': max(every) * SLOT,
        'memoryUsed': statistic(list(found['memory'].values()), expected),
        'diskBytes': statistic(disk, expected),
        'networkBytes': statistic(net, expected),
        'cpu': statistic(list(found['cpu'].values()), expected),
        'growth': growth(found['cpu']),
        'weeks': {},
    }
    for shape, minutes, fold in SHAPES:
        out['weeks'][shape] = {
            'cpu': week(found['cpu'], minutes, fold, out['cpu']['p95']),
            'memory': week(found['memory'], minutes, fold, out['memoryUsed']['p95']),
        }
    return out


print(json.dumps({os.path.basename(path): judge(path) for path in sys.argv[1:]}))

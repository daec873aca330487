-- What the verdict on a server rests on, one row for each server, from servers.parquet, profiles.parquet, target.parquet and
-- rules.parquet, by the same definitions as the program. DuckDB. All limits are of the rule pack (rules.parquet); NULL is unknown.
--
--   cpu_cores_*      processor in use, in cores of the server itself
--   cpu_core_units_* the same in cores of the reference; NULL where the speed of its cores is unknown
--   storage_share    operations or bytes without backups, the larger share of what a host (target.parquet) may use
--   network_share    of one port of such a host
--   io_constrained   its present disks are the limit already: operations and bytes count as more
--   io_class         the lowest class in whose limits all that is known lies; moderate where nothing is
--   usage_class      active, zombie, idle; unknown where a figure is missing
--   confidence       0 to 100, before what caps it
-- What is left out on purpose is told in README.txt.
WITH
  limits AS (
    SELECT
      max(value) FILTER (rule = 'usage.idle')::JSON AS idle,
      max(value) FILTER (rule = 'usage.zombie')::JSON AS zombie,
      max(value) FILTER (rule = 'usage.systemMemory')::DOUBLE AS system_memory,
      max(value) FILTER (rule = 'usage.healthyCoverage')::DOUBLE AS healthy_coverage,
      max(value) FILTER (rule = 'io.class.low')::JSON AS io_low,
      max(value) FILTER (rule = 'io.class.moderate')::JSON AS io_moderate,
      max(value) FILTER (rule = 'io.class.high')::JSON AS io_high,
      max(value) FILTER (rule = 'io.slowDivisor')::DOUBLE AS slow_divisor,
      max(value) FILTER (rule = 'io.constrained.latency')::DOUBLE AS constrained_latency,
      max(value) FILTER (rule = 'io.constrained.queuePerSpindle')::DOUBLE AS constrained_spindle,
      max(value) FILTER (rule = 'io.constrained.queuePerLun')::DOUBLE AS constrained_lun,
      max(value) FILTER (rule = 'io.constrained.factor')::DOUBLE AS constrained_factor,
      max(value) FILTER (rule = 'confidence.weights')::JSON AS weights,
      max(value) FILTER (rule = 'confidence.days')::DOUBLE AS full_days,
      from_json(max(value) FILTER (rule = 'confidence.metrics'), '["VARCHAR"]') AS wanted
    FROM 'rules.parquet'
  ),
  classes (place, name) AS (VALUES (0, 'low'), (1, 'moderate'), (2, 'high')),
  -- Of slow storage and emulated devices less is much.
  io_limits AS (
    SELECT
      place, name,
      json_extract(io, '$.operations')::DOUBLE / divisor AS operations, json_extract(io, '$.bytes')::DOUBLE / divisor AS bytes,
      json_extract(io, '$.storageShare')::DOUBLE AS storage, json_extract(io, '$.networkShare')::DOUBLE AS network
    FROM (
      SELECT
        c.place, c.name, [l.io_low, l.io_moderate, l.io_high][c.place + 1] AS io,
        CASE WHEN t.spindles OR t.emulated THEN l.slow_divisor ELSE 1 END AS divisor
      FROM classes c CROSS JOIN limits l CROSS JOIN 'target.parquet' t
    )
  ),
  figures AS (
    SELECT
      s.server, s.name, s.virtual, s.cores, s.core_score, s.memory_bytes,
      p.* EXCLUDE (server),
      coalesce(p.disk_latency_p95 > l.constrained_latency, false)
        OR coalesce(p.disk_queue_p95 > CASE WHEN p.plain_spindles THEN l.constrained_spindle ELSE l.constrained_lun END, false)
        AS io_constrained,
      -- Beyond what a running system holds by itself, of what is installed.
      CASE WHEN p.memory_used_p95 IS NOT NULL
        THEN 100 * greatest(0, p.memory_used_p95 - l.system_memory) / nullif(s.memory_bytes, 0) END AS memory_load,
      100 * p.busiest_uplink_share AS network_load,
      -- What was not measured covers nothing.
      least(coalesce(p.cpu_coverage, 0), coalesce(p.memory_coverage, 0),
        (coalesce(p.disk_coverage, 0) + coalesce(p.network_coverage, 0)) / 2) AS part_coverage,
      -- Not least(): that passes NULL over.
      CASE WHEN p.days IS NULL THEN 0 WHEN p.days > l.full_days THEN 1 ELSE p.days / l.full_days END AS part_duration,
      coalesce(len(list_intersect(from_json(p.measures, '["VARCHAR"]'), l.wanted)), 0) / len(l.wanted) AS part_metrics,
      (coalesce(p.seen_weekdays, false)::INT + coalesce(p.seen_weekend, false)::INT
        + coalesce(p.seen_month_end, false)::INT + coalesce(p.seen_backup, false)::INT) / 4 AS part_cycle,
      coalesce(least(coalesce(p.cpu_coverage, 0), coalesce(p.network_coverage, 0)) >= l.healthy_coverage, false) AS is_healthy,
      l.*
    FROM 'servers.parquet' s CROSS JOIN limits l LEFT JOIN 'profiles.parquet' p USING (server)
  ),
  scaled AS (
    SELECT
      *,
      production_disk_operations_p95 * CASE WHEN io_constrained THEN constrained_factor ELSE 1 END AS operations,
      production_disk_bytes_p95 * CASE WHEN io_constrained THEN constrained_factor ELSE 1 END AS bytes
    FROM figures
  ),
  shared AS (
    SELECT
      s.*,
      -- greatest() passes NULL over: the one that is known.
      greatest(s.operations / (t.disk_operations * t.disk_ceiling), s.bytes / (t.disk_bytes * t.disk_ceiling)) AS storage_share,
      s.production_network_bytes_p95 / (t.uplink_bits / 8) AS network_share
    FROM scaled s CROSS JOIN 'target.parquet' t
  ),
  judged AS (
    SELECT
      s.server,
      min(l.place) AS place
    FROM shared s JOIN io_limits l ON coalesce(s.operations <= l.operations, true) AND coalesce(s.bytes <= l.bytes, true)
      AND coalesce(s.storage_share <= l.storage, true) AND coalesce(s.network_share <= l.network, true)
    GROUP BY s.server
  )
SELECT
  s.server, s.name, virtual, cores, memory_bytes,
  cpu_p50, cpu_p90, cpu_p95, cpu_p99, cpu_maximum,
  cpu_p95 / 100 * cores AS cpu_cores_p95,
  cpu_p99 / 100 * cores AS cpu_cores_p99,
  cpu_p90 / 100 * cores * core_score AS cpu_core_units_p90,
  cpu_p95 / 100 * cores * core_score AS cpu_core_units_p95,
  cpu_p99 / 100 * cores * core_score AS cpu_core_units_p99,
  memory_used_p50, memory_used_p90, memory_used_p95, memory_used_p99, memory_used_maximum,
  production_disk_operations_p95, production_disk_bytes_p95, production_network_bytes_p95, busiest_uplink_share,
  storage_share, network_share, io_constrained,
  CASE WHEN operations IS NULL AND bytes IS NULL AND network_share IS NULL THEN 'moderate'
    ELSE coalesce(c.name, 'extreme') END AS io_class,
  CASE
    -- Never measured.
    WHEN days IS NULL THEN 'unknown'
    WHEN coalesce(cpu_p95 > json_extract(idle, '$.cpu')::DOUBLE, false)
      OR coalesce(memory_load > json_extract(idle, '$.memory')::DOUBLE, false)
      OR coalesce(network_load > json_extract(idle, '$.network')::DOUBLE, false) THEN 'active'
    WHEN is_healthy AND cpu_p95 < json_extract(zombie, '$.cpu')::DOUBLE
      AND network_load < json_extract(zombie, '$.network')::DOUBLE
      AND disk_operations_p95 < json_extract(zombie, '$.diskOperations')::DOUBLE THEN 'zombie'
    WHEN cpu_p95 IS NULL OR memory_load IS NULL OR network_load IS NULL THEN 'unknown'
    ELSE 'idle' END AS usage_class,
  days,
  part_coverage, part_duration, part_metrics, part_cycle,
  100 * (json_extract(weights, '$.coverage')::DOUBLE * part_coverage
    + json_extract(weights, '$.duration')::DOUBLE * part_duration
    + json_extract(weights, '$.metrics')::DOUBLE * part_metrics
    + json_extract(weights, '$.cycle')::DOUBLE * part_cycle) AS confidence
FROM shared s LEFT JOIN judged j USING (server) LEFT JOIN classes c USING (place)
ORDER BY s.server;

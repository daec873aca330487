-- What the verdict on a server rests on, one row for each server, from servers.parquet, series.parquet and rules.parquet.
-- DuckDB. All limits are of the rule pack (rules.parquet); NULL is unknown.
--
--   cpu_cores_*      processor in use, in cores of the server itself
--   cpu_core_units_* the same in cores of the reference; NULL where the speed of its cores is unknown
--   io_class         the worst of operations, bytes and the share of one uplink; of those that are known
--   usage_class      as the program judges it: active, zombie, idle; unknown where a figure is missing
-- The program knows more: the host they would go to (the share of its storage and uplink, spindles), backups, which are
-- taken out of input and output there, the busier direction of the network, and coverage slot by slot. Where its class
-- differs, its class counts.
--   confidence       0 to 100, before what caps it (the program tells the caps)
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
      max(value) FILTER (rule = 'confidence.weights')::JSON AS weights,
      max(value) FILTER (rule = 'confidence.days')::DOUBLE AS full_days,
      max(value) FILTER (rule = 'confidence.metrics')::JSON AS wanted
    FROM 'rules.parquet'
  ),
  cpu AS (
    SELECT server, p50, p90, p95, p99, maximum FROM 'series.parquet' WHERE metric = 'cpu.busy' AND instance = ''
  ),
  memory AS (
    SELECT server, p50, p90, p95, p99, maximum FROM 'series.parquet' WHERE metric = 'memory.used' AND instance = ''
  ),
  -- Of the slots between the first and the last sample of the server, those with a value.
  covered AS (
    SELECT
      server, metric, counted,
      least(1, slots / (round((last - min(first) OVER whole + 1000 * slot) / (1000 * slot))
        + round((max(last) OVER whole - last) / (1000 * slot)))) AS coverage
    FROM 'series.parquet'
    WINDOW whole AS (PARTITION BY server)
  ),
  coverage AS (
    SELECT
      server,
      min(coverage) FILTER (metric IN ('cpu.busy', 'memory.used')) AS server_part,
      avg(coverage) FILTER (metric LIKE 'disk.%' AND counted) AS disk_part,
      avg(coverage) FILTER (metric LIKE 'nic.%' AND counted) AS nic_part
    FROM covered GROUP BY server
  ),
  needed AS (
    SELECT unnest(from_json(wanted, '["VARCHAR"]')) AS measure FROM limits
  ),
  -- What is wanted, and the series that it is made of.
  made_of (measure, metric) AS (
    VALUES ('cpu', 'cpu.busy'), ('memoryUsed', 'memory.used'), ('pagingIn', 'paging.in'),
      ('diskOperations', 'disk.readOperations'), ('diskOperations', 'disk.writeOperations'),
      ('diskBytes', 'disk.readBytes'), ('diskBytes', 'disk.writeBytes'),
      ('diskLatency', 'disk.readLatency'), ('diskLatency', 'disk.writeLatency'), ('diskQueue', 'disk.queue'),
      ('networkBytes', 'nic.receivedBytes'), ('networkBytes', 'nic.sentBytes')
  ),
  present AS (
    SELECT server, count(DISTINCT measure) AS metrics
    FROM 'series.parquet' JOIN made_of USING (metric) WHERE measure IN (SELECT measure FROM needed) GROUP BY server
  ),
  spans AS (
    SELECT
      server, max(weekday_hours) > 0 AS weekday, max(weekend_hours) > 0 AS weekend, min(first) AS first, max(last) AS last
    FROM 'series.parquet' GROUP BY server
  ),
  seen AS (
    SELECT
      server, weekday, weekend,
      -- A first day of a month lies between the first and the last slot. A clock that was wrong by millennia ends no query.
      try(date_trunc('month', make_timestamp((last * 1000)::BIGINT)) > make_timestamp((first * 1000)::BIGINT)) AS month_turn
    FROM spans
  ),
  figures AS (
    SELECT
      s.*,
      c.p50 AS cpu_p50, c.p90 AS cpu_p90, c.p99 AS cpu_p99,
      m.p50 AS memory_used_p50, m.p90 AS memory_used_p90, m.p99 AS memory_used_p99, m.maximum AS memory_used_maximum,
      s.network_bytes_p95 * 8 / s.uplink_bits AS uplink_share,
      -- Beyond what a running system holds by itself, of what is installed.
      100 * CASE WHEN s.memory_used_p95 > l.system_memory THEN s.memory_used_p95 - l.system_memory
        WHEN s.memory_used_p95 IS NOT NULL THEN 0 END / nullif(s.memory_bytes, 0) AS memory_load,
      least(g.server_part, g.disk_part, g.nic_part) AS part_coverage,
      -- Not least(): that passes NULL over.
      CASE WHEN s.days > l.full_days THEN 1
        ELSE s.days / l.full_days END AS part_duration,
      coalesce(p.metrics, 0) / (SELECT count(*) FROM needed) AS part_metrics,
      (coalesce(n.weekday, false)::INT + coalesce(n.weekend, false)::INT + coalesce(n.month_turn, false)::INT
        + (s.backup_start_minute IS NOT NULL)::INT) / 4 AS part_cycle,
      l.*
    FROM 'servers.parquet' s CROSS JOIN limits l
      LEFT JOIN cpu c USING (server)
      LEFT JOIN memory m USING (server)
      LEFT JOIN coverage g USING (server)
      LEFT JOIN present p USING (server)
      LEFT JOIN seen n USING (server)
  ),
  -- 0 low, 1 moderate, 2 high, 3 extreme.
  classes AS (
    SELECT
      *,
      CASE WHEN disk_operations_p95 <= json_extract(io_low, '$.operations')::DOUBLE THEN 0
        WHEN disk_operations_p95 <= json_extract(io_moderate, '$.operations')::DOUBLE THEN 1
        WHEN disk_operations_p95 <= json_extract(io_high, '$.operations')::DOUBLE THEN 2
        WHEN disk_operations_p95 IS NOT NULL THEN 3 END AS operations_class,
      CASE WHEN disk_bytes_p95 <= json_extract(io_low, '$.bytes')::DOUBLE THEN 0
        WHEN disk_bytes_p95 <= json_extract(io_moderate, '$.bytes')::DOUBLE THEN 1
        WHEN disk_bytes_p95 <= json_extract(io_high, '$.bytes')::DOUBLE THEN 2
        WHEN disk_bytes_p95 IS NOT NULL THEN 3 END AS bytes_class,
      CASE WHEN uplink_share <= json_extract(io_low, '$.networkShare')::DOUBLE THEN 0
        WHEN uplink_share <= json_extract(io_moderate, '$.networkShare')::DOUBLE THEN 1
        WHEN uplink_share <= json_extract(io_high, '$.networkShare')::DOUBLE THEN 2
        WHEN uplink_share IS NOT NULL THEN 3 END AS uplink_class,
      -- A coverage that is not known is not healthy.
      coalesce(cpu_coverage >= healthy_coverage, false) AS is_healthy
    FROM figures
  )
SELECT
  server, name, virtual, cores, memory_bytes,
  cpu_p50, cpu_p90, cpu_p95, cpu_p99, cpu_maximum,
  cpu_p95 / 100 * cores AS cpu_cores_p95,
  cpu_p99 / 100 * cores AS cpu_cores_p99,
  cpu_p90 / 100 * cores * core_score AS cpu_core_units_p90,
  cpu_p95 / 100 * cores * core_score AS cpu_core_units_p95,
  cpu_p99 / 100 * cores * core_score AS cpu_core_units_p99,
  memory_used_p50, memory_used_p90, memory_used_p95, memory_used_p99, memory_used_maximum,
  disk_operations_p95, disk_bytes_p95, network_bytes_p95, uplink_share,
  CASE greatest(operations_class, bytes_class, uplink_class)
    WHEN 0 THEN 'low' WHEN 1 THEN 'moderate' WHEN 2 THEN 'high' WHEN 3 THEN 'extreme' ELSE 'unknown' END AS io_class,
  CASE
    WHEN coalesce(cpu_p95 > json_extract(idle, '$.cpu')::DOUBLE, false)
      OR coalesce(memory_load > json_extract(idle, '$.memory')::DOUBLE, false)
      OR coalesce(100 * uplink_share > json_extract(idle, '$.network')::DOUBLE, false) THEN 'active'
    WHEN is_healthy AND cpu_p95 < json_extract(zombie, '$.cpu')::DOUBLE
      AND 100 * uplink_share < json_extract(zombie, '$.network')::DOUBLE
      AND disk_operations_p95 < json_extract(zombie, '$.diskOperations')::DOUBLE THEN 'zombie'
    WHEN cpu_p95 IS NULL OR memory_load IS NULL OR uplink_share IS NULL THEN 'unknown'
    ELSE 'idle' END AS usage_class,
  days, cpu_coverage,
  part_coverage, part_duration, part_metrics, part_cycle,
  100 * (json_extract(weights, '$.coverage')::DOUBLE * coalesce(part_coverage, 0)
    + json_extract(weights, '$.duration')::DOUBLE * coalesce(part_duration, 0)
    + json_extract(weights, '$.metrics')::DOUBLE * part_metrics
    + json_extract(weights, '$.cycle')::DOUBLE * part_cycle) AS confidence
FROM classes
ORDER BY server;

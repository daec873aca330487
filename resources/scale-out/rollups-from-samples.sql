-- Percentiles of each series from its samples (samples.parquet), as series.parquet has them. DuckDB.
-- A slot is the mean of its samples; percentiles are nearest ranks of the slots: of n ascending values the one at
-- ceil(p n), counted from 1. Of fewer than 288 slots p95 is the highest, of fewer than 1000 p99.
WITH
  slots AS (
    SELECT server, metric, instance, any_value(slot) AS slot, slot_number, avg(value) AS mean, max(value) AS maximum
    FROM 'samples.parquet'
    WHERE slot_number IS NOT NULL
    GROUP BY server, metric, instance, slot_number
  ),
  ranked AS (
    SELECT
      server, metric, instance, any_value(slot) AS slot,
      count(*) AS slots, min(slot_number) AS first_slot, max(slot_number) AS last_slot,
      avg(mean) AS mean, max(maximum) AS maximum, list(mean ORDER BY mean) AS ascending
    FROM slots
    GROUP BY server, metric, instance
  )
SELECT
  server, metric, instance, slot,
  1000 * slot * first_slot AS first,
  1000 * slot * last_slot AS last,
  slots,
  slots / (last_slot - first_slot + 1) AS coverage,
  mean,
  ascending[1] AS minimum,
  maximum,
  ascending[(50 * slots + 99) // 100] AS p50,
  ascending[(90 * slots + 99) // 100] AS p90,
  ascending[CASE WHEN slots < 288 THEN slots ELSE (95 * slots + 99) // 100 END] AS p95,
  ascending[CASE WHEN slots < 1000 THEN slots ELSE (99 * slots + 99) // 100 END] AS p99
FROM ranked
ORDER BY server, metric, instance;

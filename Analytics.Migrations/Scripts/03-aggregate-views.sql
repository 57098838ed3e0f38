-- hub: edition=apache
-- The three aggregates where continuous aggregates do not exist: views with the same names, columns and answers as
-- 03-continuous-aggregates.sql, which say what each column means. A change here is a change there.

CREATE VIEW aggregates.hourly_request_stats AS
SELECT public.time_bucket(INTERVAL '1 hour', time) AS bucket, project_id, provider, model, operation,
       count(*) AS requests,
       count(*) FILTER (WHERE is_error) AS errors,
       sum(input_tokens)::bigint AS input_tokens,
       sum(output_tokens)::bigint AS output_tokens,
       sum(cost_usd) AS cost_usd,
       count(*) - count(cost_usd) AS unpriced_requests,
       sum(duration_seconds) AS duration_seconds_sum,
       count(duration_seconds) AS duration_count,
       count(*) FILTER (WHERE duration_seconds <= 0.01) AS duration_bucket_0,
       count(*) FILTER (WHERE duration_seconds > 0.01 AND duration_seconds <= 0.02) AS duration_bucket_1,
       count(*) FILTER (WHERE duration_seconds > 0.02 AND duration_seconds <= 0.04) AS duration_bucket_2,
       count(*) FILTER (WHERE duration_seconds > 0.04 AND duration_seconds <= 0.08) AS duration_bucket_3,
       count(*) FILTER (WHERE duration_seconds > 0.08 AND duration_seconds <= 0.16) AS duration_bucket_4,
       count(*) FILTER (WHERE duration_seconds > 0.16 AND duration_seconds <= 0.32) AS duration_bucket_5,
       count(*) FILTER (WHERE duration_seconds > 0.32 AND duration_seconds <= 0.64) AS duration_bucket_6,
       count(*) FILTER (WHERE duration_seconds > 0.64 AND duration_seconds <= 1.28) AS duration_bucket_7,
       count(*) FILTER (WHERE duration_seconds > 1.28 AND duration_seconds <= 2.56) AS duration_bucket_8,
       count(*) FILTER (WHERE duration_seconds > 2.56 AND duration_seconds <= 5.12) AS duration_bucket_9,
       count(*) FILTER (WHERE duration_seconds > 5.12 AND duration_seconds <= 10.24) AS duration_bucket_10,
       count(*) FILTER (WHERE duration_seconds > 10.24 AND duration_seconds <= 20.48) AS duration_bucket_11,
       count(*) FILTER (WHERE duration_seconds > 20.48 AND duration_seconds <= 40.96) AS duration_bucket_12,
       count(*) FILTER (WHERE duration_seconds > 40.96 AND duration_seconds <= 81.92) AS duration_bucket_13,
       count(*) FILTER (WHERE duration_seconds > 81.92) AS duration_bucket_14
  FROM analytics.llm_requests
 GROUP BY 1, project_id, provider, model, operation;

CREATE VIEW aggregates.daily_cost_summary AS
SELECT public.time_bucket(INTERVAL '1 day', time) AS bucket, project_id, provider, model,
       count(*) AS requests,
       count(total_cost) AS priced_requests,
       count(*) - count(total_cost) AS unpriced_requests,
       sum(input_cost) AS input_cost,
       sum(cache_read_cost) AS cache_read_cost,
       sum(cache_write_cost) AS cache_write_cost,
       sum(output_cost) AS output_cost,
       sum(total_cost) AS total_cost
  FROM analytics.cost_tracking
 GROUP BY 1, project_id, provider, model;

CREATE VIEW aggregates.error_rate_by_model AS
SELECT public.time_bucket(INTERVAL '15 minutes', time) AS bucket, project_id, provider, model,
       count(*) AS requests,
       count(*) FILTER (WHERE is_error) AS errors,
       count(*) FILTER (WHERE is_error)::double precision / count(*) AS error_rate
  FROM analytics.llm_requests
 GROUP BY 1, project_id, provider, model;

COMMENT ON VIEW aggregates.hourly_request_stats IS
  'Per hour of the request''s start. A sum is NULL when none of its rows knew the value; unpriced_requests had no cost. duration_bucket_0 … _14 '
  'count durations in seconds, not cumulatively: bucket i is bounds[i-1] < d <= bounds[i] with the bounds 0.01, 0.02, 0.04 … 81.92 of '
  'gen_ai.client.operation.duration, bucket 14 is all above. Buckets add up over hours; analytics.histogram_quantile reads them.';
COMMENT ON VIEW aggregates.daily_cost_summary IS
  'Per UTC day, in USD. priced_requests have a total_cost, unpriced_requests do not and are in no sum.';
COMMENT ON VIEW aggregates.error_rate_by_model IS 'Per quarter of an hour; error_rate is errors / requests, 0 to 1.';

GRANT SELECT ON aggregates.hourly_request_stats, aggregates.daily_cost_summary, aggregates.error_rate_by_model TO llm_app, llm_readonly, monitor;

"""Which functions of Postgres a SELECT may call without anybody else noticing."""

from __future__ import annotations

__all__ = ["HARMLESS", "LOCKING", "NOT_FUNCTIONS"]

LOCKING = frozenset(
    """pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all
    pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock
    pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared""".split()
)
"""They make others wait, and are gone when their session is."""

HARMLESS = frozenset(
    """abs age any_value array_agg array_append array_cat array_length array_lower array_ndims array_position
    array_positions array_prepend array_remove array_replace array_to_json array_to_string array_upper ascii avg
    bit_and bit_or bool_and bool_or btrim cardinality ceil ceiling char_length character_length chr
    clock_timestamp coalesce concat concat_ws convert_from convert_to count cume_dist current_database
    current_query current_schema current_schemas current_setting currval date_bin date_part date_trunc decode
    dense_rank div encode every exp extract first_value floor format format_type gen_random_uuid generate_series
    generate_subscripts greatest hashtext hashtextextended initcap isfinite json_agg json_array_elements
    json_array_elements_text json_array_length json_build_array json_build_object json_each json_each_text
    json_extract_path json_extract_path_text json_object json_object_agg json_object_keys json_populate_record
    json_populate_recordset json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_agg
    jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object
    jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object
    jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_query jsonb_path_query_array
    jsonb_path_query_first jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set
    jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof justify_interval lag last_value lastval
    lead least left length ln localtime localtimestamp log lower lpad ltrim make_date make_interval make_time
    make_timestamp make_timestamptz max md5 min mod mode now nth_value ntile nullif num_nonnulls num_nulls
    obj_description octet_length overlay parse_ident percent_rank percentile_cont percentile_disc pg_backend_pid
    pg_blocking_pids pg_column_size pg_conf_load_time pg_current_snapshot pg_current_wal_lsn pg_current_xact_id
    pg_current_xact_id_if_assigned pg_database_size pg_get_constraintdef pg_get_expr pg_get_indexdef
    pg_get_serial_sequence pg_get_viewdef pg_is_in_recovery pg_my_temp_schema pg_relation_size pg_size_pretty
    pg_sleep pg_snapshot_xip pg_snapshot_xmax pg_snapshot_xmin pg_table_is_visible pg_total_relation_size
    pg_typeof pg_visible_in_snapshot pg_wal_lsn_diff pg_xact_status position power quote_ident quote_literal
    quote_nullable random range_agg rank regexp_count regexp_instr regexp_like regexp_match regexp_matches
    regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right round
    row_number row_to_json rpad rtrim session_user set_config setseed sha224 sha256 sha384 sha512 sign
    split_part sqrt starts_with statement_timestamp stddev string_agg string_to_array string_to_table strpos
    substr substring sum timeofday to_char to_date to_hex to_json to_jsonb to_number to_regclass to_timestamp
    transaction_timestamp translate trim trim_array trunc txid_current txid_current_if_assigned
    txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax txid_snapshot_xmin txid_status unnest upper
    uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7 variance version width_bucket xmin""".split()
)
"""Functions whose call nobody else can notice (sequences and notifications are missing on purpose)."""

NOT_FUNCTIONS = frozenset(
    """all and any array as between bigint bit by bytea case cast char character check collate cube date decimal
    distinct double else except exists filter float for from grouping group having ilike in inner int integer
    intersect interval is join json jsonb lateral like limit materialized not null numeric of offset on or order
    over partition real recursive returning rollup row rows select set sets similar smallint some table text
    then time timestamp timestamptz to union using uuid values varchar when where window with within""".split()
)
"""Words that may stand before an opening bracket without calling anything."""

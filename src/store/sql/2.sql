-- The exact stage stands with what every commit writes anyway. `tickets.stage` tells 'open' of all that are open, so a ticket that
-- waits and goes on again leaves its row there as it is.
ALTER TABLE {t}streams ADD COLUMN stage {text};
UPDATE {t}streams AS s SET stage = t.stage FROM {t}tickets AS t WHERE s.tenant = t.tenant AND s.kind = 1 AND s.id = t.id;
UPDATE {t}tickets SET stage = 'open' WHERE is_open = 1;

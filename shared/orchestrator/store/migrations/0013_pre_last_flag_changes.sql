-- Who set each flag last, without reading the whole trail.
CREATE INDEX action_flag ON operator_actions ((detail ->> 'flag'), id) WHERE action = 'flag' AND detail ->> 'step' = 'done';

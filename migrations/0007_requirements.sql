-- A writer that goes by what it remembers says so in the transaction itself, which fails where that no
-- longer holds: PH001 for a head that has moved, PH002 for a catalog that has changed.
CREATE FUNCTION phial_require(holds boolean, otherwise text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'what the writer went by does not hold' USING ERRCODE = otherwise;
    END IF;
    RETURN true;
END $$;

BEGIN TRANSACTION;
CREATE TABLE acts (
	entry INTEGER NOT NULL, 
	person VARCHAR NOT NULL, 
	time INTEGER NOT NULL, 
	act VARCHAR NOT NULL, 
	detail VARCHAR NOT NULL, 
	salt VARCHAR NOT NULL, 
	PRIMARY KEY (entry)
);
INSERT INTO "acts" VALUES(7,'p-officer',1795715113485,'playback','{"camera": "cam-01"}','c2FsdA==');
CREATE TABLE sessions (
	hash VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	roles VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	purpose VARCHAR NOT NULL, 
	created INTEGER NOT NULL, 
	seen INTEGER NOT NULL, 
	PRIMARY KEY (hash)
);
INSERT INTO "sessions" VALUES('fa5624e8139bf19a0d225460239698e2b41303b6fd2a3f829ecff9bd65c4e5be','p-officer','An officer','["investigator"]','cookie','',1795715113478,1795715113478);
CREATE TABLE used_signatures (
	hash VARCHAR NOT NULL, 
	at INTEGER NOT NULL, 
	PRIMARY KEY (hash)
);
INSERT INTO "used_signatures" VALUES('1a2fc26dc7ea5a2a4748b7cb2b1ef193d96ab2c99f93092f69e63075b28d1278',1795715113483);
CREATE INDEX sessions_person ON sessions (person, created);
CREATE INDEX acts_person ON acts (person, entry);
COMMIT;
PRAGMA user_version = 1;

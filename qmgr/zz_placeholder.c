typedef int nothing_qmgr;

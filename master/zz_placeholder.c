typedef int nothing_master;
